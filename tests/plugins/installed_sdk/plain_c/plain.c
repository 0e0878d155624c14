/* A whole adapter in C: sends the payload as it is. */
#include <opi/abi.h>
#include <string.h>

#define MANDATORY_FLAGS 0xffff0000u

static opi_str text(const char* literal) {
  opi_str made = {literal, strlen(literal)};
  return made;
}

static opi_status fail(opi_error* error, opi_status status, const char* why) {
  error->code = status;
  strncpy(error->text, why, sizeof error->text - 1);
  error->text[sizeof error->text - 1] = '\0';
  return status;
}

static opi_status create(void* plugin, const opi_instance_args* args, void** instance, opi_error* error) OPI_NX {
  (void)plugin;
  if ((args->flags & MANDATORY_FLAGS) != 0) return fail(error, OPI_E_UNSUPPORTED, "unknown flags of the instance");
  if (args->config_json.n == 0 || args->config_json.p[0] != '{')
    return fail(error, OPI_E_INVALID, "the configuration is not a JSON object");
  *instance = NULL; /* nothing to remember */
  return OPI_OK;
}
static void destroy(void* instance) OPI_NX { (void)instance; }
static const opi_component_v1 component = {sizeof(opi_component_v1), 0, create, destroy};

static opi_status render(const void* instance, const opi_delivery* delivery, opi_request_out request,
                         opi_error* error) OPI_NX {
  const opi_bytes body = {(const uint8_t*)delivery->payload.p, delivery->payload.n};
  (void)instance;
  if ((delivery->flags & MANDATORY_FLAGS) != 0) return fail(error, OPI_E_UNSUPPORTED, "unknown flags of the delivery");
  if (request.ops->url(request.impl, delivery->endpoint_url) != OPI_OK ||
      request.ops->header(request.impl, text("Content-Type"), text("application/json")) != OPI_OK ||
      request.ops->header_secret(request.impl, text("Authorization"), text("Bearer "), text("token"), text("")) !=
          OPI_OK ||
      request.ops->body(request.impl, body) != OPI_OK)
    return fail(error, OPI_E_FAILED, "the host refused the request");
  return OPI_OK;
}

static opi_status interpret(const void* instance, const opi_delivery* delivery, const opi_response* response,
                            opi_verdict_out verdict, opi_request_out next, opi_error* error) OPI_NX {
  opi_verdict given;
  (void)instance, (void)next;
  if (((delivery->flags | response->flags) & MANDATORY_FLAGS) != 0)
    return fail(error, OPI_E_UNSUPPORTED, "unknown flags of the response");
  memset(&given, 0, sizeof given);
  given.size = sizeof given;
  if (response->status >= 200 && response->status < 300) {
    given.kind = OPI_V_DELIVERED;
  } else {
    given.kind = OPI_V_RETRY;
    given.flags = OPI_VERDICT_BY_STATUS;
  }
  return verdict.ops->set(verdict.impl, &given);
}
static const opi_http_adapter_v1 adapter = {sizeof(opi_http_adapter_v1), 0, render, interpret};

static opi_status init(const opi_host* host, void** plugin, opi_error* error) OPI_NX {
  (void)host, (void)error;
  *plugin = NULL;
  return OPI_OK;
}
static void shutdown(void* plugin) OPI_NX { (void)plugin; }
static const void* get_interface(void* plugin, const char* id, const char* interface_id) OPI_NX {
  (void)plugin;
  if (strcmp(id, "plain") != 0) return NULL;
  if (strcmp(interface_id, OPI_IF_COMPONENT) == 0) return &component;
  return strcmp(interface_id, OPI_IF_HTTP_ADAPTER) == 0 ? (const void*)&adapter : NULL;
}

static const opi_plugin table = {sizeof(opi_plugin), OPI_ABI_MAJOR, OPI_ABI_MINOR, OPI_TARGET_MINOR, 0, 0, init,
                                 shutdown,           get_interface};
const opi_plugin* opi_plugin_entry_v1(const opi_offer* offer, opi_error* error) OPI_NX {
  if (offer->abi_major == OPI_ABI_MAJOR) return &table;
  fail(error, OPI_E_UNSUPPORTED, "this plugin speaks ABI 1");
  return NULL;
}
