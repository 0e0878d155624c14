# Takes the files of these patterns out of the unity build of the current folder.
function(opi_compile_alone)
  if(ARGN)
    file(GLOB files CONFIGURE_DEPENDS ${ARGN})
    set_source_files_properties(${files} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# opi_module(<name> [USES <module>...] [LINKS <library>...] [ALONE <glob>...])
# One static library opi_<name> from the sources of the current folder. USES are the modules of host/ it
# may include (tests/architecture reads the includes and holds them against docs/architecture.md).
# ALONE are the sources that a unity build compiles one by one, because names of their unnamed namespaces are
# used in siblings as well: a file may name its own parts as it likes.
function(opi_module name)
  cmake_parse_arguments(arg "" "" "USES;LINKS;ALONE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(sources)
    add_library(opi_${name} STATIC ${sources})
    opi_compile_alone(${arg_ALONE})
    set(scope PUBLIC)
  else()
    add_library(opi_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  if(NOT name STREQUAL "foundation")
    list(APPEND arg_USES foundation)  # by all; it goes without saying
  endif()
  list(TRANSFORM arg_USES PREPEND opi_)
  target_include_directories(opi_${name} ${scope} ${PROJECT_SOURCE_DIR}/host)
  target_link_libraries(opi_${name} ${scope} ${arg_USES} ${arg_LINKS})
endfunction()
