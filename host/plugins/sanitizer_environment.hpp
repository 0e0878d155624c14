#pragma once
#include <array>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPI_SHADOW_MEMORY 1  // sanitizers map terabytes, start threads and read files: nothing is confined
#endif

namespace opi::plugins {

// The whole environment, as posix_spawn() takes it, of a child that runs plugin code: empty, but for a sanitizer that
// is to leave signals as they are and not to call it a leak that plugins are never closed. Valid for ever.
inline std::array<char*, 2> sanitizer_environment() {
#if defined(__SANITIZE_ADDRESS__)
  static char options[] = "ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0";
  return {options, nullptr};
#elif defined(__SANITIZE_THREAD__)
  static char options[] = "TSAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0";
  return {options, nullptr};
#else
  return {nullptr, nullptr};
#endif
}

}  // namespace opi::plugins
