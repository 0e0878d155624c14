/* clang-format off */ /* laid out by hand, as a table to read */
/* opi/abi.h - the plugin ABI of OneProtect Integrations, major 1.  C11 or C++17 and later; LP64 only.
 *
 * Promise          A plugin built with any 1.x SDK loads on any later 1.y host.
 * Thread classes   [control]   one call at a time per plugin; may take seconds; may allocate, must not touch the network
 *                  [pure]      concurrent, returns in milliseconds, never blocks; the output depends only on the arguments
 *                              and the immutable instance; no clock, no randomness, no I/O, no host service but the log
 *                  [blocking]  concurrent, on a bounded side pool of the host; may block until its deadline
 *                  [any]       callable by either side from any thread, at any time while the object lives
 *                  No call has an affinity to a thread.
 * Ownership        Nothing is ever freed by the other side. Views (opi_str, opi_bytes, arrays, structs behind pointers)
 *                  are borrowed for the call; whoever needs them longer copies. Outputs go through host functions, which copy.
 * Sized structs    The first member is 'size', set by whoever fills the struct. They are only ever appended to: read what
 *                  is newer than minor 0 through OPI_HAS. No sized struct has padding; 'reserved' members are 0.
 * Tables           A slot of minor 0 must not be NULL. A later slot is present if 'size' covers it and it is not NULL.
 * Flags            The upper 16 bits must be understood by the reader, or the object is refused; the lower may be ignored.
 * Errors           An opi_status, negative on failure, and a text in the caller's opi_error: for people, one line, no secrets.
 *                  No exception, longjmp or thread cancellation ever crosses the boundary.
 * Process state    is the host's: no signal handlers, locale, umask, chdir, environment, fork, exit; no output to stdout.
 */
#ifndef OPI_ABI_H
#define OPI_ABI_H
#include <stddef.h>
#include <stdint.h>

#define OPI_ABI_MAJOR 1
#define OPI_ABI_MINOR 1
/* The oldest host minor that the plugin runs on; names of later minors are not even declared. opi_add_plugin() sets it
 * from "abi" in the manifest. The host itself knows them all. */
#ifndef OPI_TARGET_MINOR
#ifdef OPI_HOST_BUILD
#define OPI_TARGET_MINOR OPI_ABI_MINOR
#else
#define OPI_TARGET_MINOR 0
#endif
#endif
#if OPI_TARGET_MINOR > OPI_ABI_MINOR
#error "OPI_TARGET_MINOR is newer than this SDK: install a newer SDK, or lower \"abi\" in the manifest"
#endif

/* OPI_HOST_BUILD is for the host alone, which must be able to catch what a faulty plugin lets out. */
#if defined(__cplusplus) && !defined(OPI_HOST_BUILD)
#define OPI_NX noexcept
#else
#define OPI_NX
#endif
#ifdef __cplusplus
#define OPI_ASSERT static_assert
extern "C" {
#else
#define OPI_ASSERT _Static_assert
#endif
#define OPI_EXPORT __attribute__((visibility("default"), used))
#define OPI_HAS(s, f) ((s)->size >= offsetof(__typeof__(*(s)), f) + sizeof((s)->f))
OPI_ASSERT(sizeof(void *) == 8 && sizeof(size_t) == 8, "ABI 1 is LP64");

/* ------------------------------------------------------------------ value types, frozen for major 1 */
typedef int32_t opi_status;
enum opi_status_code {
  OPI_OK = 0,
  OPI_E_FAILED = -1,
  OPI_E_INVALID = -2,      /* an argument, a configuration or the other side's data is wrong; the text names it */
  OPI_E_UNSUPPORTED = -3,
  OPI_E_BUSY = -4,         /* passing: trying again may help */
  OPI_E_STALE = -5,        /* used twice, or after its end */
  OPI_E_DENIED = -6,
  OPI_E_TIMEOUT = -7,
  OPI_E_CANCELLED = -8,
  OPI_E_NOT_FOUND = -9,
  OPI_E_TOO_LARGE = -10,
  OPI_E_EXCEPTION = -11,   /* a defect of the plugin */
  OPI_E_NOMEM = -12
};
typedef struct opi_str { const char *p; uint64_t n; } opi_str;       /* UTF-8, n bytes, not NUL-terminated; p may be NULL if n is 0 */
typedef struct opi_bytes { const uint8_t *p; uint64_t n; } opi_bytes;
typedef struct opi_kv { opi_str k, v; } opi_kv;
/* Filled by the callee on failure, at most 'size' bytes in all; text is NUL-terminated UTF-8. The caller sets size to 512. */
typedef struct opi_error { uint32_t size; int32_t code; char text[504]; } opi_error;

/* ------------------------------------------------------------------ the host, as a plugin sees it */
typedef struct opi_host {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  void *impl;
  opi_str environment; /* local | dev | test | production */
  /* [any] The service's table, or NULL if this host has none by that id. Lives as long as the plugin. */
  const void *(*service)(const struct opi_host *host, const char *service_id) OPI_NX;
} opi_host;

#define OPI_SVC_LOG "opi.host.log/1"
enum opi_log_level { OPI_LOG_DEBUG = 0, OPI_LOG_INFO = 1, OPI_LOG_WARNING = 2, OPI_LOG_ERROR = 3 };
typedef struct opi_log_v1 {
  uint32_t size, flags;
  /* [any] The lowest opi_log_level that is written now. */
  uint32_t (*threshold)(const opi_host *host) OPI_NX;
  /* [any] Writes one line with the plugin's name. Texts beyond 1024 bytes and fields beyond 16 are cut off. No payloads, no secrets. */
  void (*write)(const opi_host *host, uint32_t level, opi_str message, const opi_kv *fields, uint64_t n_fields) OPI_NX;
} opi_log_v1;

/* ------------------------------------------------------------------ one attempt of a delivery */
enum opi_delivery_flag {
  OPI_DELIVERY_UNSIGNED_ALLOWED = 1u << 0 /* the destination may be sent to without a signature */
};
typedef struct opi_delivery {
  uint32_t size, flags;
  uint32_t attempt; /* counts from 1 */
  uint32_t reserved;
  opi_str delivery_id;     /* UUID, the same for every attempt */
  opi_str destination_id;  /* UUID */
  opi_str idempotency_key; /* 64 lower-case hex characters, the same for every attempt */
  opi_str endpoint_url;    /* of the destination; absolute http or https */
  /* the event's envelope; absent ones are empty */
  opi_str event_id, event_type, schema_version, tenant_id, source;
  opi_str timestamp;       /* RFC 3339, as the producer wrote it */
  opi_str correlation_id, causation_id, alert_id, evidence_id, ticket_id;
  opi_str payload;         /* JSON text of an object, at most 256 KiB */
  opi_bytes nonce;         /* 16 random bytes, new for each attempt */
  opi_str traceparent;     /* W3C trace context of this attempt; its trace id comes from the correlation id */
  uint64_t created_unix_ms; /* of the delivery */
  uint64_t now_unix_ms;     /* of this attempt */
#if OPI_TARGET_MINOR >= 1
  uint32_t step;            /* of a delivery in several requests, see OPI_V_CONTINUE; counts from 0 */
  uint32_t reserved_1;
  opi_bytes carry;          /* of the verdict that ended the step before; empty at step 0 */
  opi_str prior_ref;        /* external_ref of the last delivery of this destination about the same subject: the event's */
  opi_str prior_url;        /* ticket_id, else its alert_id, else the event itself; both empty if there is none */
#endif
} opi_delivery;

/* ------------------------------------------------------------------ the request that an adapter renders */
enum opi_mac_algorithm {
  /* The secret is a key that the receiver has, too; an Ed25519 private key ("whsk_") is INVALID. 32 bytes. */
  OPI_MAC_HMAC_SHA256 = 1,
#if OPI_TARGET_MINOR >= 1
  /* By the form of each secret: of "whsk_" its Ed25519 signature, 64 bytes; of any other HMAC-SHA256, 32 bytes. */
  OPI_MAC_BY_KEY = 2
#endif
};
/* [pure] Called inside mac(), once per live version of the secret, the current one first. Both views end with the call. */
typedef void (*opi_mac_fn)(void *ud, opi_bytes mac, opi_str secret_version) OPI_NX;

/* Every op is [pure], copies, and may be used only inside the render() it was given to. A failed op spoils the request:
 * the host will not send it, whatever render() returns. The one exception is documented at mac(). */
typedef struct opi_request_ops {
  uint32_t size, flags;
  /* POST if never called. GET, POST, PUT, PATCH or DELETE; else INVALID. */
  opi_status (*method)(void *impl, opi_str method) OPI_NX;
  /* Required. Absolute http or https URL without userinfo and fragment, at most 2048 bytes, to a host that the manifest's
   * "egress" covers; else INVALID, TOO_LARGE or DENIED. */
  opi_status (*url)(void *impl, opi_str url) OPI_NX;
  /* Name: an RFC 9110 token; value: visible ASCII, inner spaces and tabs; else INVALID. A name once; at most 64 headers.
   * DENIED: host, connection, content-length, transfer-encoding, te, trailer, upgrade, expect and proxy-* are the host's;
   * authorization and cookie go through header_secret() alone. */
  opi_status (*header)(void *impl, opi_str name, opi_str value) OPI_NX;
  /* The header's value is prefix, the current secret of the slot, suffix. NOT_FOUND: the destination has no live secret there. */
  opi_status (*header_secret)(void *impl, opi_str name, opi_str prefix, opi_str slot, opi_str suffix) OPI_NX;
  /* Makes a MAC or a signature of data with each live version of the slot's secret; the key stays in the host. NOT_FOUND: no live secret.
   * At most 16 calls a render, each of at most 2 MiB of data; else TOO_LARGE.
   * If the destination has no credential for the slot and OPI_DELIVERY_UNSIGNED_ALLOWED is set, NOT_FOUND does not spoil
   * the request: it may be sent unsigned. */
  opi_status (*mac)(void *impl, opi_str slot, uint32_t algorithm, opi_bytes data, opi_mac_fn each, void *ud) OPI_NX;
  /* Replaces the body; at most 1 MiB, or what the manifest's limits say; else TOO_LARGE. */
  opi_status (*body)(void *impl, opi_bytes body) OPI_NX;
#if OPI_TARGET_MINOR >= 1
  /* In place of url(), for receivers whose URL is itself a secret: the current secret of the slot, by the rules of url().
   * NOT_FOUND: the destination has no live secret there. */
  opi_status (*url_secret)(void *impl, opi_str slot) OPI_NX;
#endif
} opi_request_ops;
typedef struct opi_request_out { const opi_request_ops *ops; void *impl; } opi_request_out; /* frozen */

/* ------------------------------------------------------------------ the response, and what an adapter makes of it */
enum opi_transport {
  OPI_TRANSPORT_OK = 0, OPI_TRANSPORT_NAME_RESOLUTION = 1, OPI_TRANSPORT_ADDRESS_REFUSED = 2, OPI_TRANSPORT_CONNECT = 3,
  OPI_TRANSPORT_TLS = 4, OPI_TRANSPORT_TIMEOUT = 5, OPI_TRANSPORT_RESET = 6, OPI_TRANSPORT_PROTOCOL = 7,
  OPI_TRANSPORT_CANCELLED = 8 /* later ones: treat as RESET */
};
enum opi_response_flag { OPI_RESPONSE_BODY_TRUNCATED = 1u << 0 };
typedef struct opi_response {
  uint32_t size, flags;
  uint32_t status;    /* HTTP status; 0 if transport is not OK */
  uint32_t transport; /* opi_transport; not OK only for adapters with OPI_ADAPTER_SEES_TRANSPORT_FAULTS */
  uint32_t sent;      /* 1: the whole request was handed to the network; the receiver may have acted on it */
  uint32_t elapsed_ms;
  const opi_kv *headers; /* names in lower case, in order of arrival */
  uint64_t n_headers;
  opi_bytes body;     /* at most 64 KiB; hostile */
  /* As the receiver sent it: it may repeat a secret of the request. The host takes that out of the verdict and the log. */
} opi_response;

enum opi_verdict_kind {
  OPI_V_DELIVERED = 1,
  OPI_V_RETRY = 2,
  OPI_V_REJECT = 3,   /* terminal: the receiver will never take it */
  OPI_V_THROTTLE = 4, /* retry after retry_after_ms, and slow the destination */
  OPI_V_AUTH = 5,     /* the credential used for authorisation was refused: fetch it again, once */
  OPI_V_DISABLE = 6,  /* the receiver is gone: stop sending to the destination */
#if OPI_TARGET_MINOR >= 1
  OPI_V_CONTINUE = 7, /* another request follows: render() is called again, with the next step and the verdict's carry, and
                       * once more after a crash or a RETRY of that step. Not after step 7. */
#endif
  OPI_V_UNKNOWN = 8   /* the request was sent and its answer is lost */
};
enum opi_verdict_flag {
  OPI_VERDICT_BY_STATUS = 1u << 0 /* judged by the HTTP status alone: the tenant's policy decides which statuses are retried */
};
typedef struct opi_verdict {
  uint32_t size, kind, flags, reserved;
  uint64_t retry_after_ms; /* 0: what Retry-After says, but for a success; the host caps it */
  opi_str reason;       /* stable snake_case code, at most 64 bytes; empty: the host's, such as "http_503" */
  opi_str detail;       /* for people, at most 512 bytes; the host redacts it */
  opi_str external_ref; /* id of what the receiver created, at most 256 bytes; not kept if it holds a secret */
  opi_str external_url; /* at most 2048 bytes; as external_ref */
#if OPI_TARGET_MINOR >= 1
  opi_bytes carry;      /* with CONTINUE: what the next step needs to know, at most 16 KiB; stored in clear, no secrets */
#endif
} opi_verdict;
typedef struct opi_verdict_ops {
  uint32_t size, flags;
  /* [pure] Exactly once per interpret(); copies. INVALID names a defect of the verdict, which the host reports as the adapter's. */
  opi_status (*set)(void *impl, const opi_verdict *verdict) OPI_NX;
} opi_verdict_ops;
typedef struct opi_verdict_out { const opi_verdict_ops *ops; void *impl; } opi_verdict_out; /* frozen */

/* ------------------------------------------------------------------ interfaces of a plugin's components */
#if OPI_TARGET_MINOR >= 1
enum opi_instance_flags {
  OPI_INSTANCE_UNSIGNED_ALLOWED = 1u << 0 /* adapters: as OPI_DELIVERY_UNSIGNED_ALLOWED of every delivery */
};
#endif
typedef struct opi_instance_args {
  uint32_t size, flags;
  opi_str component;   /* as in the manifest */
  opi_str instance_id; /* adapters: the destination's UUID; providers: the component's id */
  opi_str tenant;      /* adapters: the destination's tenant; providers: empty */
  opi_str config_json; /* an object that satisfies the manifest's config_schema */
  uint64_t config_revision;
  const opi_host *host; /* lives as long as the plugin */
#if OPI_TARGET_MINOR >= 1
  opi_str endpoint_url; /* adapters: as in every delivery, so that create() can refuse it ("endpoint: ..."); providers: empty */
#endif
} opi_instance_args;
#define OPI_IF_COMPONENT "opi.component/1"
typedef struct opi_component_v1 {
  uint32_t size, flags;
  /* [control] An instance is immutable: another configuration is another instance. INVALID names the field that is wrong: "<field>: <why>", where a
   * field is a member of the configuration or, since 1.1, "endpoint". It is asked when somebody saves the destination, too. */
  opi_status (*create)(void *plugin, const opi_instance_args *args, void **instance, opi_error *error) OPI_NX;
  /* [control] Called once no other call uses the instance. */
  void (*destroy)(void *instance) OPI_NX;
} opi_component_v1;

#define OPI_IF_HTTP_ADAPTER "opi.adapter.http/1"
enum opi_http_adapter_flag {
  OPI_ADAPTER_SEES_TRANSPORT_FAULTS = 1u << 0 /* else the host judges those itself */
};
typedef struct opi_http_adapter_v1 {
  uint32_t size, flags;
  /* [pure] Event to request. On failure nothing is sent; BUSY, TIMEOUT and NOMEM are tried again, the rest is terminal. */
  opi_status (*render)(const void *instance, const opi_delivery *delivery, opi_request_out request, opi_error *error) OPI_NX;
  /* [pure] Response to verdict. 'next' is reserved: its ops are NULL. */
  opi_status (*interpret)(const void *instance, const opi_delivery *delivery, const opi_response *response,
                          opi_verdict_out verdict, opi_request_out next, opi_error *error) OPI_NX;
} opi_http_adapter_v1;

#define OPI_IF_SECRET_PROVIDER "opi.secret_provider/1"
/* A reference, parsed by the host by the template in the manifest. The host has checked that the tenant may use it if the
 * template has {tenant}; else that is up to the provider. */
typedef struct opi_secret_query {
  uint32_t size, flags;
  opi_str scheme;
  const opi_str *segments; /* of the resource, decoded; never empty, ".", "..", nor with '/' or control characters */
  uint64_t n_segments;
  const opi_str *keys;     /* the wanted values of this one resource: all are answered from one version of it */
  uint64_t n_keys;
  opi_str version;         /* empty: the current one */
  opi_str tenant;
  opi_str if_not_version;  /* empty: unconditional; else not_modified() may answer that this is still the version */
  uint64_t deadline_mono_ns; /* CLOCK_MONOTONIC; resolve() returns before it; 0 in check_ref() */
} opi_secret_query;
typedef struct opi_secret_meta {
  uint32_t size, flags;
  opi_str version;          /* required, at most 128 bytes: changes if any value changes; never derived from a value */
  uint64_t ttl_ms;          /* 0: the host's default; the host clamps it */
  uint64_t expires_unix_ms; /* 0: never */
} opi_secret_meta;
/* [blocking] Only inside the resolve() it was given to. Each key is answered once, by reserve() or absent(); then exactly one of
 * commit(), not_modified(), fail() ends the answer. STALE: out of this order. */
typedef struct opi_secret_out_ops {
  uint32_t size, flags;
  /* Host memory for the value of keys[key]: locked, not dumped, wiped after use. Write the value straight into it, keep no copy.
   * NULL: no such key, answered already, empty or beyond 64 KiB. Valid until resolve() returns. */
  uint8_t *(*reserve)(void *impl, uint64_t key, uint64_t n) OPI_NX;
  opi_status (*absent)(void *impl, uint64_t key) OPI_NX;
  opi_status (*commit)(void *impl, const opi_secret_meta *meta) OPI_NX;
  opi_status (*not_modified)(void *impl, const opi_secret_meta *meta) OPI_NX;
  /* NOT_FOUND, DENIED, INVALID, TIMEOUT, BUSY, else FAILED. The reason is for people and never contains a value. */
  opi_status (*fail)(void *impl, opi_status status, opi_str reason) OPI_NX;
} opi_secret_out_ops;
typedef struct opi_secret_out { const opi_secret_out_ops *ops; void *impl; } opi_secret_out; /* frozen */
typedef struct opi_secret_provider_v1 {
  uint32_t size, flags;
  /* [pure] Whether the reference could name something, by its syntax alone; asked when a reference is saved. */
  opi_status (*check_ref)(const void *instance, const opi_secret_query *query, opi_error *error) OPI_NX;
  /* [blocking] Answers through 'out'. A failed status means the same as fail() with it. */
  opi_status (*resolve)(void *instance, const opi_secret_query *query, opi_secret_out out, opi_error *error) OPI_NX;
} opi_secret_provider_v1;

/* ------------------------------------------------------------------ entry: the one exported symbol */
enum opi_mode {
  OPI_MODE_RUN = 0,
  OPI_MODE_PROBE = 1 /* in a throw-away child process with limits; a plugin need not behave differently */
};
typedef struct opi_offer {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  uint32_t mode, reserved;
  opi_str host_name, host_version;
} opi_offer;
typedef struct opi_plugin {
  uint32_t size;
  uint16_t abi_major, abi_minor; /* of the SDK it was built with */
  uint16_t min_host_minor, reserved;
  uint32_t flags;
  /* [control] Once, before anything else. *plugin is handed back in the other calls and may stay NULL. */
  opi_status (*init)(const opi_host *host, void **plugin, opi_error *error) OPI_NX;
  /* [control] Once, after every instance is destroyed. */
  void (*shutdown)(void *plugin) OPI_NX;
  /* [any] A constant table by component (as in the manifest) and interface id, or NULL. */
  const void *(*get_interface)(void *plugin, const char *component, const char *interface_id) OPI_NX;
} opi_plugin;
#define OPI_ENTRY_SYMBOL "opi_plugin_entry_v1"
/* [control] Constant work only. The table lives as long as the process; NULL refuses the offer, with the reason in error. */
OPI_EXPORT const opi_plugin *opi_plugin_entry_v1(const opi_offer *offer, opi_error *error) OPI_NX;

/* The manifest stands in an ELF note of this name and type, which opi_add_plugin() packs; no code repeats it. */
#define OPI_NOTE_NAME "OPI"
#define OPI_NOTE_MANIFEST 1

/* ------------------------------------------------------------------ no padding: presence tests by size depend on it
 * The size is the sum of the members' sizes, and the last member ends the struct. */
#define OPI_LAYOUT(T, last, bytes)                                                                       \
  OPI_ASSERT(sizeof(T) == (bytes) && sizeof(T) == offsetof(T, last) + sizeof(((T *)0)->last), #T " is padded or has changed")
/* NOLINTBEGIN(bugprone-sizeof-expression): the last members of some are pointers. */
OPI_LAYOUT(opi_error, text, 4 + 4 + 504);
OPI_LAYOUT(opi_host, service, 4 + 2 * 2 + 8 + 16 + 8);
OPI_LAYOUT(opi_log_v1, write, 2 * 4 + 2 * 8);
#if OPI_TARGET_MINOR >= 1
OPI_LAYOUT(opi_delivery, prior_url, 4 * 4 + 18 * 16 + 2 * 8 + 2 * 4 + 3 * 16);
OPI_LAYOUT(opi_request_ops, url_secret, 2 * 4 + 7 * 8);
OPI_LAYOUT(opi_verdict, carry, 4 * 4 + 8 + 5 * 16);
OPI_LAYOUT(opi_instance_args, endpoint_url, 2 * 4 + 4 * 16 + 8 + 8 + 16);
#else
OPI_LAYOUT(opi_delivery, now_unix_ms, 4 * 4 + 18 * 16 + 2 * 8);
OPI_LAYOUT(opi_request_ops, body, 2 * 4 + 6 * 8);
OPI_LAYOUT(opi_verdict, external_url, 4 * 4 + 8 + 4 * 16);
OPI_LAYOUT(opi_instance_args, host, 2 * 4 + 4 * 16 + 8 + 8);
#endif
OPI_LAYOUT(opi_response, body, 6 * 4 + 2 * 8 + 16);
OPI_LAYOUT(opi_verdict_ops, set, 2 * 4 + 8);
OPI_LAYOUT(opi_component_v1, destroy, 2 * 4 + 2 * 8);
OPI_LAYOUT(opi_http_adapter_v1, interpret, 2 * 4 + 2 * 8);
OPI_LAYOUT(opi_secret_query, deadline_mono_ns, 2 * 4 + 16 + 4 * 8 + 3 * 16 + 8);
OPI_LAYOUT(opi_secret_meta, expires_unix_ms, 2 * 4 + 16 + 2 * 8);
OPI_LAYOUT(opi_secret_out_ops, fail, 2 * 4 + 5 * 8);
OPI_LAYOUT(opi_secret_provider_v1, resolve, 2 * 4 + 2 * 8);
OPI_LAYOUT(opi_offer, host_version, 4 + 2 * 2 + 2 * 4 + 2 * 16);
OPI_LAYOUT(opi_plugin, get_interface, 4 + 4 * 2 + 4 + 3 * 8);
/* NOLINTEND(bugprone-sizeof-expression) */

#ifdef __cplusplus
}
#endif
#endif
