# The plugins that come with the daemon run in it, by their SHA-256 (host/plugins/shipped_pins.hpp), which stands beside its
# helpers. Here in the build tree: written anew whenever one of them is linked.
set(pins_script ${CMAKE_CURRENT_LIST_DIR}/plugin_pins.cmake)
set(OPI_AFTER_PLUGIN COMMAND ${CMAKE_COMMAND} -DFOLDER=${PROJECT_BINARY_DIR}/lib/plugins
  -DFILE=${PROJECT_BINARY_DIR}/bin/opi-plugins.sha256 -DLOCK=${PROJECT_BINARY_DIR}/plugin_pins.lock -P ${pins_script})

# Adds a folder whose plugins are of these.
function(opi_ship folder)
  add_subdirectory(${folder})
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(kind ${target} TYPE)
    if(kind STREQUAL "MODULE_LIBRARY")
      set_property(GLOBAL APPEND PROPERTY OPI_SHIPPED_PLUGINS ${target}.so)
    endif()
  endforeach()
endfunction()

# Of the installed files, which a packager may have stripped; after the rules that install them.
function(opi_install_pins)
  get_property(names GLOBAL PROPERTY OPI_SHIPPED_PLUGINS)
  list(JOIN names "," names)
  install(CODE "
    set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
    execute_process(COMMAND \"${CMAKE_COMMAND}\" \"-DFOLDER=\${root}/lib/integrationsd/plugins\"
      \"-DFILE=\${root}/${CMAKE_INSTALL_LIBEXECDIR}/oneprotect-integrations/opi-plugins.sha256\" -DNAMES=${names}
      -P \"${pins_script}\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT daemon)
endfunction()
