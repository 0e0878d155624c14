# cmake -DFOLDER=<of plugins> -DFILE=<opi-plugins.sha256> [-DNAMES=<a.so,b.so>] [-DLOCK=<file>] -P plugin_pins.cmake
# Writes the SHA-256 of the folder's plugins, as sha256sum(1) does: the daemon trusts them as part of itself. Of those that
# are named, where the folder may hold plugins of others. Two that are linked at the same time wait for each other: the
# last one sees them all.
if(LOCK)
  file(LOCK ${LOCK} GUARD PROCESS TIMEOUT 60)
endif()
if(NAMES)
  string(REPLACE "," ";" names "${NAMES}")
  list(TRANSFORM names PREPEND ${FOLDER}/ OUTPUT_VARIABLE plugins)
else()
  file(GLOB plugins ${FOLDER}/*.so)
endif()
set(lines "")
foreach(plugin IN LISTS plugins)
  file(SHA256 ${plugin} digest)
  cmake_path(GET plugin FILENAME name)
  string(APPEND lines "${digest}  ${name}\n")
endforeach()
file(WRITE ${FILE}.part "${lines}")
file(CHMOD ${FILE}.part PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
file(RENAME ${FILE}.part ${FILE})
