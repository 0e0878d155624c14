# find_package(opi-sdk 1.0 REQUIRED) gives the target opi::sdk (headers) and opi_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/opi-sdk-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/opi_add_plugin.cmake)
