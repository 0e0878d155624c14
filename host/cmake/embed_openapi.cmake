# embed_openapi(<target>)
# Compiles openapi.json of the current folder into <target> as opi::api::openapi_document()
# (api/openapi_routes.hpp), so that a binary and the document of its API cannot be separated.
function(embed_openapi target)
  set(file ${CMAKE_CURRENT_SOURCE_DIR}/openapi.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} OPI_OPENAPI)
  configure_file(${PROJECT_SOURCE_DIR}/host/cmake/openapi_document.cpp.in
                 ${CMAKE_CURRENT_BINARY_DIR}/openapi_document.cpp @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/openapi_document.cpp)
endfunction()
