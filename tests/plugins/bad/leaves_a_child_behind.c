/* Only in the probe: it must not wait for what a plugin started there. */
#define OWN_ENTRY
#include <opi/abi.h>
#include <unistd.h>
static uint32_t mode;
static opi_status leave_child(const opi_host* host, void** plugin, opi_error* error) OPI_NX {
  (void)host, (void)plugin, (void)error;
  if (mode == OPI_MODE_PROBE && fork() == 0)
    for (;;) pause();
  return OPI_OK;
}
#define INIT leave_child
#include "base.h"
const opi_plugin* opi_plugin_entry_v1(const opi_offer* offer, opi_error* error) OPI_NX {
  (void)error;
  mode = offer->mode;
  return &table;
}
