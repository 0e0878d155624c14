#include <opi/abi.h>
static opi_status crash(const opi_host *host, void **plugin, opi_error *error) OPI_NX {
  (void)host, (void)plugin, (void)error;
  *(volatile int *)8 = 1;
  return OPI_OK;
}
#define INIT crash
#include "base.h"
