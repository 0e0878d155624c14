#include <opi/abi.h>
static opi_status crash(const opi_host* host, void** plugin, opi_error* error) OPI_NX {
  (void)host, (void)plugin, (void)error;
  int* volatile nowhere = (int*)8; /* volatile: the compiler must not see through it */
  *nowhere = 1;
  return OPI_OK;
}
#define INIT crash
#include "base.h"
