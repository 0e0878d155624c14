#include <opi/abi.h>
#include <unistd.h>
static opi_status hang(const opi_host* host, void** plugin, opi_error* error) OPI_NX {
  (void)host, (void)plugin, (void)error;
  for (;;) pause();
  return OPI_OK;
}
#define INIT hang
#include "base.h"
