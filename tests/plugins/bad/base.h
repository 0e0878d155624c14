/* A plugin that is right in every way but for what a file defines before it includes this: one fault a file. */
#include <opi/abi.h>

#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(opi_plugin)
#endif
#ifndef TABLE_MAJOR
#define TABLE_MAJOR OPI_ABI_MAJOR
#endif
#ifndef TABLE_MIN_HOST_MINOR
#define TABLE_MIN_HOST_MINOR 0
#endif
#ifndef TABLE_FLAGS
#define TABLE_FLAGS 0
#endif
#ifndef ADAPTER_SIZE
#define ADAPTER_SIZE sizeof(opi_http_adapter_v1)
#endif
#ifndef RENDER
#define RENDER good_render
#endif
#ifndef ENTRY_NAME
#define ENTRY_NAME opi_plugin_entry_v1
#endif

static int same(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

static opi_status create(void* plugin, const opi_instance_args* args, void** instance, opi_error* error) OPI_NX {
  (void)plugin, (void)args, (void)error;
  *instance = NULL;
  return OPI_OK;
}
static void destroy(void* instance) OPI_NX { (void)instance; }
static const opi_component_v1 component = {sizeof(opi_component_v1), 0, create, destroy};

__attribute__((unused)) static opi_status good_render(const void* instance, const opi_delivery* delivery,
                                                      opi_request_out request, opi_error* error) OPI_NX {
  (void)instance, (void)error;
  return request.ops->url(request.impl, delivery->endpoint_url);
}
static opi_status interpret(const void* instance, const opi_delivery* delivery, const opi_response* response,
                            opi_verdict_out verdict, opi_request_out next, opi_error* error) OPI_NX {
  opi_verdict v = {sizeof(opi_verdict), OPI_V_DELIVERED, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  (void)instance, (void)delivery, (void)response, (void)next, (void)error;
  return verdict.ops->set(verdict.impl, &v);
}
static const opi_http_adapter_v1 adapter = {ADAPTER_SIZE, 0, RENDER, interpret};

static const void* get_interface(void* plugin, const char* id, const char* interface_id) OPI_NX {
  (void)plugin, (void)id;
#ifndef NO_COMPONENT_TABLE
  if (same(interface_id, OPI_IF_COMPONENT)) return &component;
#endif
  return same(interface_id, OPI_IF_HTTP_ADAPTER) ? (const void*)&adapter : NULL;
}
#ifdef NO_COMPONENT_TABLE
static const void* unused_component(void) __attribute__((unused));
static const void* unused_component(void) { return &component; }
#endif

#ifndef INIT
#define INIT good_init
static opi_status good_init(const opi_host* host, void** plugin, opi_error* error) OPI_NX {
  (void)host, (void)error;
  *plugin = NULL;
  return OPI_OK;
}
#endif
static void shutdown(void* plugin) OPI_NX { (void)plugin; }

static const opi_plugin table = {TABLE_SIZE,  TABLE_MAJOR, OPI_ABI_MINOR, TABLE_MIN_HOST_MINOR, 0,
                                 TABLE_FLAGS, INIT,        shutdown,      get_interface};

#ifndef OWN_ENTRY
OPI_EXPORT const opi_plugin* ENTRY_NAME(const opi_offer* offer, opi_error* error) OPI_NX;
const opi_plugin* ENTRY_NAME(const opi_offer* offer, opi_error* error) OPI_NX {
  (void)offer, (void)error;
  return &table;
}
#endif
