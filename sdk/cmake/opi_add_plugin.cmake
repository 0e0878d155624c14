include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/opi_hardening.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/opi_manifest_check.cmake)
set(OPI_SDK_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR} CACHE INTERNAL "Where the SDK's CMake files are")

# opi_add_plugin(<target> MANIFEST <manifest.json> SOURCES <source>... [JSON])
# A plugin <target>.so: the manifest is checked when CMake configures (and again whenever it changes) and packed into an
# ELF note; the SDK's headers are found; OPI_TARGET_MINOR follows the manifest's "abi"; nothing but the entry is exported.
# JSON compiles Boost.JSON (its headers are enough) into the plugin, which opi/kit needs.
function(opi_add_plugin target)
  cmake_parse_arguments(arg "JSON" "MANIFEST" "SOURCES" ${ARGN})
  if(NOT arg_MANIFEST OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "opi_add_plugin(<target> MANIFEST <manifest.json> SOURCES <source>... [JSON])")
  endif()
  cmake_path(ABSOLUTE_PATH arg_MANIFEST BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_MANIFEST})
  opi_manifest_check(${arg_MANIFEST} abi_minor)

  # The note is assembled by the plugin's own compiler; CMake's ASM language need not be enabled.
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    set(note ${CMAKE_CURRENT_BINARY_DIR}/${target}_manifest.cpp)
  else()
    set(note ${CMAKE_CURRENT_BINARY_DIR}/${target}_manifest.c)
  endif()
  configure_file(${OPI_SDK_CMAKE_DIR}/opi_manifest_note.in ${note} @ONLY)
  set_source_files_properties(${note} PROPERTIES
    OBJECT_DEPENDS ${arg_MANIFEST} SKIP_LINTING ON SKIP_UNITY_BUILD_INCLUSION ON)

  add_library(${target} MODULE ${arg_SOURCES} ${note})
  target_link_libraries(${target} PRIVATE opi::sdk)
  target_compile_definitions(${target} PRIVATE OPI_TARGET_MINOR=${abi_minor})
  if("CXX" IN_LIST languages)
    target_compile_features(${target} PRIVATE cxx_std_20)
  endif()
  if(arg_JSON)
    if(NOT TARGET Boost::headers)
      find_package(Boost 1.81 REQUIRED)
    endif()
    # By itself, so that a change of the adapter does not compile it again.
    set_source_files_properties(${OPI_SDK_CMAKE_DIR}/opi_json.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    target_sources(${target} PRIVATE ${OPI_SDK_CMAKE_DIR}/opi_json.cpp)
    target_link_libraries(${target} PRIVATE Boost::headers)
    target_compile_definitions(${target} PRIVATE BOOST_JSON_STATIC_LINK BOOST_JSON_NO_LIB)
  endif()
  # g++ 12.2 can lose the first value of `T x = fallback; try { x = f(); } catch (...) {}` when f() throws, unless told not to
  # analyse so.
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique;-fno-ipa-modref>")
  target_compile_options(${target} PRIVATE ${OPI_HARDENING_COMPILE})
  set(map ${OPI_SDK_CMAKE_DIR}/opi_plugin.map)
  target_link_options(${target} PRIVATE
    LINKER:--version-script=${map} LINKER:-z,defs ${OPI_HARDENING_LINK}
    LINKER:--exclude-libs,ALL LINKER:-Bsymbolic LINKER:--build-id=sha1 LINKER:--hash-style=gnu)
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" LINK_DEPENDS ${map} POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  # The daemon refuses a plugin that is damaged or that others may write.
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DFILE=$<TARGET_FILE:${target}> -P ${OPI_SDK_CMAKE_DIR}/opi_seal.cmake
    COMMAND chmod go-w $<TARGET_FILE:${target}> ${OPI_AFTER_PLUGIN} VERBATIM)
endfunction()

# opi_add_plugin_tests(<target> [GOLDEN <folder>])
# The CTest entries <target>_check, the conformance suite, and <target>_golden, the cases of a folder.
function(opi_add_plugin_tests target)
  cmake_parse_arguments(arg "" "GOLDEN" "" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "opi_add_plugin_tests(<target> [GOLDEN <folder>])")
  endif()
  add_test(NAME ${target}_check COMMAND $<TARGET_FILE:opi::tool> check $<TARGET_FILE:${target}>)
  set_tests_properties(${target}_check PROPERTIES LABELS unit TIMEOUT 300)
  if(arg_GOLDEN)
    cmake_path(ABSOLUTE_PATH arg_GOLDEN BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    add_test(NAME ${target}_golden COMMAND $<TARGET_FILE:opi::tool> golden $<TARGET_FILE:${target}> ${arg_GOLDEN} --isolation both)
    set_tests_properties(${target}_golden PROPERTIES LABELS unit TIMEOUT 60)
  endif()
endfunction()
