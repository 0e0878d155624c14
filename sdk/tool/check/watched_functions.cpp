// Functions of the C library that a pure call must not use, as plugins find them: the dynamic linker takes this
// program's before the library's. Each notes the call and does what the library's does.
#include <dlfcn.h>
#include <locale.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "check/pure_section.hpp"

using opi::tool::record_impure_call;

namespace {

// The library's own. By a function, so that it is looked up when first needed.
template <class Function>
Function library(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

const char* environment_value(const char* name) {
  const auto length = std::strlen(name);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    if (std::strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
  return nullptr;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  record_impure_call("clock_gettime: asks for the time");
  return static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
}

int gettimeofday(timeval* now, void*) noexcept {
  record_impure_call("gettimeofday: asks for the time");
  timespec precise{};
  const auto status = static_cast<int>(::syscall(SYS_clock_gettime, CLOCK_REALTIME, &precise));
  *now = {precise.tv_sec, precise.tv_nsec / 1000};
  return status;
}

time_t time(time_t* now) noexcept {
  record_impure_call("time: asks for the time");
  timespec precise{};
  if (::syscall(SYS_clock_gettime, CLOCK_REALTIME, &precise) != 0) return -1;
  if (now != nullptr) *now = precise.tv_sec;
  return precise.tv_sec;
}

char* getenv(const char* name) noexcept {
  record_impure_call("getenv: reads the environment");
  return const_cast<char*>(environment_value(name));
}

char* secure_getenv(const char* name) noexcept {
  record_impure_call("secure_getenv: reads the environment");
  return const_cast<char*>(environment_value(name));
}

char* setlocale(int category, const char* locale) noexcept {
  record_impure_call("setlocale: depends on the locale");
  static const auto original = library<decltype(&setlocale)>("setlocale");
  return original(category, locale);
}

locale_t uselocale(locale_t locale) noexcept {
  record_impure_call("uselocale: depends on the locale");
  static const auto original = library<decltype(&uselocale)>("uselocale");
  return original(locale);
}

tm* localtime_r(const time_t* moment, tm* parts) noexcept {
  record_impure_call("localtime_r: depends on the time zone");
  static const auto original = library<decltype(&localtime_r)>("localtime_r");
  return original(moment, parts);
}

tm* localtime(const time_t* moment) noexcept {
  record_impure_call("localtime: depends on the time zone");
  static const auto original = library<decltype(&localtime)>("localtime");
  return original(moment);
}

int rand() noexcept {
  record_impure_call("rand: asks for chance");
  static const auto original = library<decltype(&rand)>("rand");
  return original();
}

long random() noexcept {
  record_impure_call("random: asks for chance");
  static const auto original = library<decltype(&random)>("random");
  return original();
}
}
