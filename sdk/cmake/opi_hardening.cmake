include_guard(GLOBAL)
# What the compiler and the linker can do so that a fault ends the process before somebody can make use of it. The host and
# every plugin are built so, whatever else their flags are; tests/architecture/hardening_test.py reads it out of the files.
#
#   OPI_HARDENING_COMPILE  for compilers: checked stack frames and library calls, no unchecked operator[] of the standard library,
#                          no value that was there before in a new variable, no jump into the midst of a function
#   OPI_HARDENING_LINK     for linkers: everything bound at the start and read-only from then on, no executable stack
#
# A sanitizer finds more and does not go with some of these: presets with one set OPI_HARDENING to OFF.
option(OPI_HARDENING "Build with what the compiler can do against faults" ON)

set(OPI_HARDENING_COMPILE "")
set(OPI_HARDENING_LINK LINKER:-z,now,-z,relro,-z,noexecstack)
if(OPI_HARDENING)
  # Of library calls only what is optimised can be checked; without optimisation the macro is an error.
  set(optimised "$<CONFIG:Release,RelWithDebInfo,MinSizeRel>")
  list(APPEND OPI_HARDENING_COMPILE
    -fstack-protector-strong -fstack-clash-protection
    "$<${optimised}:-U_FORTIFY_SOURCE>" "$<${optimised}:-D_FORTIFY_SOURCE=3>"
    "$<$<COMPILE_LANGUAGE:CXX>:-D_GLIBCXX_ASSERTIONS>")
  # clang before 16 zeroes variables only for those who know by heart what it asks to be told.
  list(APPEND OPI_HARDENING_COMPILE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-ftrivial-auto-var-init=zero>"
    "$<$<COMPILE_LANG_AND_ID:C,GNU>:-ftrivial-auto-var-init=zero>")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND OPI_HARDENING_COMPILE -fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    list(APPEND OPI_HARDENING_COMPILE -mbranch-protection=standard)
  endif()
endif()
