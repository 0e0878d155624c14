// An adapter and a secret provider that do, on request, what no plugin should. Written against the C ABI, and with
// OPI_HOST_BUILD so that exceptions can get out.
#define OPI_HOST_BUILD
#include <opi/abi.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

volatile int* volatile nowhere = reinterpret_cast<volatile int*>(8);

struct Instance {
  std::string mood;
  const opi_host* host = nullptr;
};

opi_str raw(std::string_view text) { return {text.data(), text.size()}; }

// Whatever it is, into the host's log.
void tell(const opi_host* host, std::string_view what, std::string_view text) {
  const auto* const log = static_cast<const opi_log_v1*>(host->service(host, OPI_SVC_LOG));
  const opi_kv field{raw(what), raw(text)};
  log->write(host, OPI_LOG_ERROR, raw(text), &field, 1);
}
std::string_view text_of(opi_str text) { return {text.p, text.n}; }
opi_bytes bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

opi_status create(void*, const opi_instance_args* args, void** instance, opi_error* error) {
  const std::string_view config{args->config_json.p, args->config_json.n};
  const auto colon = config.find(':');
  std::string mood;
  if (colon != std::string_view::npos) {
    const auto open = config.find('"', colon) + 1;
    mood = config.substr(open, config.find('"', open) - open);
  }
  if (mood == "refuse") {
    std::strcpy(error->text, "mood: is not welcome here");
    return OPI_E_INVALID;
  }
  if (mood == "throw in create") throw std::runtime_error("create");
  if (mood == "long error") std::memset(error->text, 'x', sizeof error->text);
  if (mood == "long error") return OPI_E_INVALID;
  *instance = new Instance{mood, args->host};
  return OPI_OK;
}
void destroy(void* instance) { delete static_cast<Instance*>(instance); }
constexpr opi_component_v1 component{sizeof(opi_component_v1), 0, &create, &destroy};

opi_status render(const void* instance, const opi_delivery* d, opi_request_out out, opi_error* error) {
  const auto& mood = static_cast<const Instance*>(instance)->mood;
  const auto ops = out.ops;
  const auto impl = out.impl;
  if (mood == "tell") {
    tell(static_cast<const Instance*>(instance)->host, "endpoint", text_of(d->endpoint_url));
    if (d->attempt % 4 == 0) {
      const auto length = std::min(text_of(d->endpoint_url).size(), sizeof error->text - 1);
      std::memcpy(error->text, d->endpoint_url.p, length);
      return OPI_E_BUSY;
    }
    ops->url(impl, d->endpoint_url);
    return ops->header_secret(impl, raw("Authorization"), raw("Bearer "), raw("signing"), raw(""));
  }
  if (mood == "no url") return OPI_OK;
  if (mood == "throw") throw std::runtime_error("render");
  if (mood == "throw an int") throw 7;
  if (mood == "busy") return std::strcpy(error->text, "later, please"), OPI_E_BUSY;
  if (mood == "positive status") return 5;
  if (mood == "crash") *nowhere = 1;
  if (mood == "overflow the stack") {
    volatile char page[4096];
    page[0] = 1;
    return render(instance, d, out, error) + page[0];
  }
  if (mood == "be killed") ::kill(::getpid(), SIGKILL);
  if (mood == "elsewhere") return ops->url(impl, raw("http://169.254.169.254/latest")), OPI_OK;
  if (mood == "no host") return ops->url(impl, raw("http:///path")), OPI_OK;
  if (mood == "null text") return ops->url(impl, opi_str{nullptr, 10}), OPI_OK;
  if (mood == "huge text") return ops->url(impl, opi_str{"x", ~std::uint64_t{0}}), OPI_OK;
  ops->url(impl, mood == "own host" ? raw("https://eu.example.net/x") : d->endpoint_url);
  if (mood == "inject") ops->header(impl, raw("X-A"), raw("a\r\nX-B: b"));
  if (mood == "inject name") ops->header(impl, raw("X-A: b\r\nX-B"), raw("a"));
  if (mood == "host header") ops->header(impl, raw("Host"), raw("other.example"));
  if (mood == "framing") ops->header(impl, raw("Transfer-Encoding"), raw("chunked"));
  if (mood == "proxy") ops->header(impl, raw("Proxy-Authorization"), raw("x"));
  if (mood == "authorization") ops->header(impl, raw("Authorization"), raw("Bearer x"));
  if (mood == "twice") ops->header(impl, raw("X-A"), raw("a")), ops->header(impl, raw("x-a"), raw("b"));
  if (mood == "bearer") return ops->header_secret(impl, raw("Authorization"), raw("Bearer "), raw("signing"), raw(""));
  if (mood == "other slot") ops->header_secret(impl, raw("Authorization"), raw(""), raw("database"), raw(""));
  if (mood == "method") ops->method(impl, raw("CONNECT"));
  if (mood == "no callback") ops->mac(impl, raw("signing"), OPI_MAC_HMAC_SHA256, bytes("x"), nullptr, nullptr);
  if (mood == "other mac")
    ops->mac(
        impl, raw("signing"), 99, bytes("x"), [](void*, opi_bytes, opi_str) {}, nullptr);
  if (mood == "throw in callback")
    ops->mac(
        impl, raw("signing"), OPI_MAC_HMAC_SHA256, bytes("x"), [](void*, opi_bytes, opi_str) { throw 1; }, nullptr);
  if (mood == "macs")
    for (int i = 0; i < 17; ++i)
      ops->mac(
          impl, raw("signing"), OPI_MAC_HMAC_SHA256, bytes("x"), [](void*, opi_bytes, opi_str) {}, nullptr);
  if (mood == "body 1000") ops->body(impl, bytes(std::string(1000, 'b')));
  if (mood == "body 1001") ops->body(impl, bytes(std::string(1001, 'b')));
  const auto number_of_headers = mood == "64 headers" ? 64 : mood == "65 headers" ? 65 : 0;
  for (int i = 0; i < number_of_headers; ++i) ops->header(impl, raw("X-" + std::to_string(i)), raw("v"));
  const auto value_bytes = mood == "value 8192" ? 8192u : mood == "value 8193" ? 8193u : 0u;
  if (value_bytes != 0) ops->header(impl, raw("X-Long"), raw(std::string(value_bytes, 'v')));
  return OPI_OK;
}

// Repeats a response wherever it can.
void tell_response(const opi_host* host, const opi_response& response, opi_verdict& verdict) {
  const std::string_view body{reinterpret_cast<const char*>(response.body.p), response.body.n};
  tell(host, "body", body);
  for (std::uint64_t i = 0; i < response.n_headers; ++i) tell(host, "header", text_of(response.headers[i].v));
  verdict.kind = OPI_V_RETRY;
  verdict.detail = raw(body.substr(0, 512));
  verdict.external_ref = raw(body.substr(0, 256));
  verdict.external_url = raw(body.substr(0, 2048));
}

opi_status interpret(const void* instance, const opi_delivery*, const opi_response* response, opi_verdict_out out,
                     opi_request_out next, opi_error* error) {
  const auto& mood = static_cast<const Instance*>(instance)->mood;
  opi_verdict verdict{sizeof(opi_verdict), OPI_V_DELIVERED, 0, 0, 0, {}, {}, {}, {}};
  if (mood == "tell") tell_response(static_cast<const Instance*>(instance)->host, *response, verdict);
  if (mood == "no verdict") return OPI_OK;
  if (mood == "throw") throw std::runtime_error("interpret");
  if (mood == "fail") return std::strcpy(error->text, "cannot read this"), OPI_E_FAILED;
  if (mood == "null verdict") return out.ops->set(out.impl, nullptr), OPI_OK;
  if (mood == "kind 0") verdict.kind = 0;
  if (mood == "kind 99") verdict.kind = 99;
  if (mood == "continue") verdict.kind = next.ops == nullptr ? OPI_V_CONTINUE : OPI_V_DELIVERED;
  if (mood == "short") verdict.size = 8;
  if (mood == "flags") verdict.flags = 0x80000000u;
  if (mood == "bad reason") verdict.reason = raw("Not A Code");
  if (mood == "null reason") verdict.reason = {nullptr, 3};
  if (mood == "long reference") {
    static const std::string long_text(257, 'r');
    verdict.external_ref = raw(long_text);
  }
  if (mood == "retry in a year") verdict.kind = OPI_V_RETRY, verdict.retry_after_ms = 365ull * 86'400'000;
  out.ops->set(out.impl, &verdict);
  if (mood == "two verdicts") out.ops->set(out.impl, &verdict);
  return OPI_OK;
}
constexpr opi_http_adapter_v1 adapter{sizeof(opi_http_adapter_v1), 0, &render, &interpret};

opi_status check_ref(const void*, const opi_secret_query* query, opi_error*) {
  return std::string_view{query->segments[0].p, query->segments[0].n} == "unwelcome" ? OPI_E_INVALID : OPI_OK;
}
opi_status resolve(void* instance, const opi_secret_query* query, opi_secret_out out, opi_error* error) {
  const std::string_view mood{query->segments[0].p, query->segments[0].n};
  while (mood.starts_with("hang")) ::pause();
  const auto ops = out.ops;
  const auto impl = out.impl;
  const opi_secret_meta meta{sizeof(opi_secret_meta), 0, raw("7"), 60'000, 0};
  const auto give = [&](std::string_view value) {
    if (auto* const memory = ops->reserve(impl, 0, value.size())) std::memcpy(memory, value.data(), value.size());
  };
  // What no host knows to be a secret, and what it was given as one: both in the log and in the failure.
  if (mood == "tell") {
    const char* const value = std::getenv("OPI_ODD_SECRET");
    const std::string_view text = value == nullptr ? "none" : value;
    tell(static_cast<const Instance*>(instance)->host, "value", text);
    if (text_of(query->keys[0]) == "given") give(text);
    const auto failure = "cannot use " + std::string(text) + " as a key";
    return ops->fail(impl, OPI_E_BUSY, raw(failure));
  }
  if (mood == "silent") return OPI_OK;
  if (mood == "throw") throw std::runtime_error("resolve");
  if (mood == "status") return std::strcpy(error->text, "the vault is sealed"), OPI_E_BUSY;
  if (mood == "uncommitted") return give("value"), OPI_OK;
  if (mood == "incomplete") return ops->commit(impl, &meta), OPI_OK;
  if (mood == "empty")
    return ops->reserve(impl, 0, 0) == nullptr ? (ops->fail(impl, OPI_E_INVALID, raw("empty")), OPI_OK) : OPI_OK;
  if (mood == "too-large") return ops->reserve(impl, 0, 64 * 1024 + 1) == nullptr ? OPI_E_TOO_LARGE : OPI_OK;
  if (mood == "other-key") return ops->reserve(impl, 1, 4) == nullptr ? OPI_E_NOT_FOUND : OPI_OK;
  if (mood == "twice") {
    give("value");
    return ops->reserve(impl, 0, 5) == nullptr && ops->absent(impl, 0) == OPI_E_STALE &&
                   ops->commit(impl, &meta) == OPI_OK && ops->commit(impl, &meta) == OPI_E_STALE
               ? OPI_OK
               : OPI_E_FAILED;
  }
  if (mood == "absent") return ops->absent(impl, 0), ops->commit(impl, &meta);
  if (mood == "same") return ops->not_modified(impl, &meta);
  if (mood == "denied") return ops->fail(impl, OPI_E_DENIED, raw("password=hunter22 is wrong"));
  if (mood == "commit-then-fail") return give("value"), ops->commit(impl, &meta), OPI_E_DENIED;
  give("value");
  return ops->commit(impl, &meta);
}
constexpr opi_secret_provider_v1 provider{sizeof(opi_secret_provider_v1), 0, &check_ref, &resolve};

opi_status init(const opi_host* host, void** plugin, opi_error*) {
  *plugin = nullptr;
  const auto* const log = static_cast<const opi_log_v1*>(host->service(host, OPI_SVC_LOG));
  const opi_kv field{raw("token"), raw("secret=hunter22")};
  log->write(host, OPI_LOG_INFO, raw("hello\nworld"), &field, 1);
  log->write(host, OPI_LOG_INFO, opi_str{nullptr, 5}, nullptr, 3);
  if (host->service(host, "opi.host.nothing/1") != nullptr) return OPI_E_FAILED;
  return OPI_OK;
}
void shutdown(void*) {}
const void* get_interface(void*, const char* component_id, const char* id) {
  const std::string_view interface_id{id};
  if (interface_id == OPI_IF_COMPONENT) return &component;
  if (std::string_view{component_id} == "odd" && interface_id == OPI_IF_HTTP_ADAPTER) return &adapter;
  if (std::string_view{component_id} == "odd_secrets" && interface_id == OPI_IF_SECRET_PROVIDER) return &provider;
  return nullptr;
}
constexpr opi_plugin table{sizeof(opi_plugin), OPI_ABI_MAJOR, OPI_ABI_MINOR, 0, 0, 0, &init, &shutdown, &get_interface};

}  // namespace

extern "C" const opi_plugin* opi_plugin_entry_v1(const opi_offer*, opi_error*) { return &table; }
