#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "foundation/thread_safety.hpp"

// The standard library's mutexes, as the thread-safety analysis can see them: the host has no other ones (a test reads
// the sources). Members that a mutex guards say so by OPI_GUARDED_BY.
namespace opi {

class OPI_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() OPI_ACQUIRE() { mutex_.lock(); }
  void unlock() OPI_RELEASE() { mutex_.unlock(); }
  bool try_lock() OPI_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class Lock;
  std::mutex mutex_;
};

// Holds a mutex for as long as it lives, but for the time between unlock() and lock().
class OPI_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mutex) OPI_ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~Lock() OPI_RELEASE() {}
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void unlock() OPI_RELEASE() { lock_.unlock(); }
  void lock() OPI_ACQUIRE() { lock_.lock(); }

 private:
  friend class Condition;
  std::unique_lock<std::mutex> lock_;
};

// A condition that threads wait for in a loop of their own, `while (!what) changed.wait(lock);`: in a lambda the
// analysis would not know that the mutex is held. While a thread waits, the mutex is free; when it returns, held.
class Condition {
 public:
  void wait(Lock& lock) { condition_.wait(lock.lock_); }
  // False: the time is over.
  template <class Clock, class Duration>
  bool wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& until) {
    return condition_.wait_until(lock.lock_, until) == std::cv_status::no_timeout;
  }
  template <class Rep, class Period>
  bool wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration) {
    return condition_.wait_for(lock.lock_, duration) == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

class OPI_CAPABILITY("mutex") SharedMutex {
 public:
  SharedMutex() = default;
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void lock() OPI_ACQUIRE() { mutex_.lock(); }
  void unlock() OPI_RELEASE() { mutex_.unlock(); }
  void lock_shared() OPI_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() OPI_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

class OPI_SCOPED_CAPABILITY ExclusiveLock {
 public:
  explicit ExclusiveLock(SharedMutex& mutex) OPI_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~ExclusiveLock() OPI_RELEASE() { mutex_.unlock(); }
  ExclusiveLock(const ExclusiveLock&) = delete;
  ExclusiveLock& operator=(const ExclusiveLock&) = delete;

 private:
  SharedMutex& mutex_;
};

class OPI_SCOPED_CAPABILITY SharedLock {
 public:
  explicit SharedLock(SharedMutex& mutex) OPI_ACQUIRE_SHARED(mutex) : mutex_(mutex) { mutex_.lock_shared(); }
  ~SharedLock() OPI_RELEASE_GENERIC() { mutex_.unlock_shared(); }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

 private:
  SharedMutex& mutex_;
};

}  // namespace opi
