#pragma once

// Clang's thread-safety analysis: which lock a member or a function needs, said where it is declared and checked at
// compile time by the preset tidy (-Wthread-safety, as errors). Other compilers see nothing.
#if defined(__clang__)
#define OPI_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define OPI_THREAD_SAFETY(attribute)
#endif

#define OPI_CAPABILITY(name) OPI_THREAD_SAFETY(capability(name))
#define OPI_SCOPED_CAPABILITY OPI_THREAD_SAFETY(scoped_lockable)
// Of members: read and written with this mutex held; of pointers, what they point to.
#define OPI_GUARDED_BY(mutex) OPI_THREAD_SAFETY(guarded_by(mutex))
#define OPI_PT_GUARDED_BY(mutex) OPI_THREAD_SAFETY(pt_guarded_by(mutex))
// Of functions: called with these held, called without them, and what they do to them.
#define OPI_REQUIRES(...) OPI_THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define OPI_REQUIRES_SHARED(...) OPI_THREAD_SAFETY(requires_shared_capability(__VA_ARGS__))
#define OPI_EXCLUDES(...) OPI_THREAD_SAFETY(locks_excluded(__VA_ARGS__))
#define OPI_ACQUIRE(...) OPI_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define OPI_ACQUIRE_SHARED(...) OPI_THREAD_SAFETY(acquire_shared_capability(__VA_ARGS__))
#define OPI_RELEASE(...) OPI_THREAD_SAFETY(release_capability(__VA_ARGS__))
#define OPI_RELEASE_SHARED(...) OPI_THREAD_SAFETY(release_shared_capability(__VA_ARGS__))
#define OPI_RELEASE_GENERIC(...) OPI_THREAD_SAFETY(release_generic_capability(__VA_ARGS__))
#define OPI_TRY_ACQUIRE(...) OPI_THREAD_SAFETY(try_acquire_capability(__VA_ARGS__))
#define OPI_RETURN_CAPABILITY(mutex) OPI_THREAD_SAFETY(lock_returned(mutex))
// Where the analysis cannot follow; the reason stands beside it.
#define OPI_NO_THREAD_SAFETY_ANALYSIS OPI_THREAD_SAFETY(no_thread_safety_analysis)
