#include <opi/abi.h>
#include <string.h>
static opi_status fail(const opi_host* host, void** plugin, opi_error* error) OPI_NX {
  (void)host, (void)plugin;
  strcpy(error->text, "the moon is in the wrong phase");
  return OPI_E_FAILED;
}
#define INIT fail
#include "base.h"
