/* Uses every kind of thing the header declares; must compile as C11 to C++20. */
#include <opi/abi.h>

#ifdef WITH_PADDING
struct padded {
  uint32_t size;
  uint64_t value;
};
extern struct padded seen;
#endif

static opi_status init(const opi_host* host, void** plugin, opi_error* error) OPI_NX {
  const opi_log_v1* log = (const opi_log_v1*)host->service(host, OPI_SVC_LOG);
  (void)error;
  *plugin = NULL;
  return log != NULL && OPI_HAS(log, write) ? OPI_OK : OPI_E_UNSUPPORTED;
}
static void shutdown(void* plugin) OPI_NX { (void)plugin; }
static const void* get_interface(void* plugin, const char* component, const char* id) OPI_NX {
  (void)plugin, (void)component, (void)id;
  return NULL;
}
static const opi_plugin table = {sizeof(opi_plugin), OPI_ABI_MAJOR, OPI_ABI_MINOR, OPI_TARGET_MINOR, 0, 0, init,
                                 shutdown,           get_interface};
const opi_plugin* opi_plugin_entry_v1(const opi_offer* offer, opi_error* error) OPI_NX {
  (void)error;
  return OPI_HAS(offer, host_version) ? &table : NULL;
}
