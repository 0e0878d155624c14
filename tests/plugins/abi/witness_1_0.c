/* Everything that ABI 1.0 promises, in one library: what abidiff compares with the frozen abi_1_0.xml.
 * Types that a later minor adds do not belong here. */
#include <opi/abi.h>

#define WITNESS(T)                             \
  OPI_EXPORT void witness_##T(const T* value); \
  void witness_##T(const T* value) { (void)value; }
#define WITNESS_ENUM(T)                      \
  OPI_EXPORT void witness_##T(enum T value); \
  void witness_##T(enum T value) { (void)value; }

WITNESS(opi_status)
WITNESS(opi_str)
WITNESS(opi_bytes)
WITNESS(opi_kv)
WITNESS(opi_error)
WITNESS(opi_host)
WITNESS(opi_log_v1)
WITNESS(opi_delivery)
WITNESS(opi_request_ops)
WITNESS(opi_request_out)
WITNESS(opi_response)
WITNESS(opi_verdict)
WITNESS(opi_verdict_ops)
WITNESS(opi_verdict_out)
WITNESS(opi_instance_args)
WITNESS(opi_component_v1)
WITNESS(opi_http_adapter_v1)
WITNESS(opi_secret_query)
WITNESS(opi_secret_meta)
WITNESS(opi_secret_out_ops)
WITNESS(opi_secret_out)
WITNESS(opi_secret_provider_v1)
WITNESS(opi_offer)
WITNESS(opi_plugin)
WITNESS_ENUM(opi_status_code)
WITNESS_ENUM(opi_log_level)
WITNESS_ENUM(opi_delivery_flag)
WITNESS_ENUM(opi_mac_algorithm)
WITNESS_ENUM(opi_transport)
WITNESS_ENUM(opi_response_flag)
WITNESS_ENUM(opi_verdict_kind)
WITNESS_ENUM(opi_verdict_flag)
WITNESS_ENUM(opi_http_adapter_flag)
WITNESS_ENUM(opi_mode)

const opi_plugin* opi_plugin_entry_v1(const opi_offer* offer, opi_error* error) {
  (void)offer, (void)error;
  return NULL;
}
