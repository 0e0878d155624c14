#include "plugins/request_assembly.hpp"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/digest.hpp"
#include "plugins/header_rules.hpp"

namespace opi::plugins {
namespace {

// A MAC key in the open for one call: "whsec_" keys are decoded, others are taken as they are.
class MacKey {
 public:
  explicit MacKey(const secrets::Secret& secret) {
    const auto bytes = secret.reveal();
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (!text.starts_with(prefix)) {
      key_ = bytes;
      return;
    }
    decoded_ = crypto::from_base64(text.substr(prefix.size()));
    if (decoded_) key_ = *decoded_;
  }
  MacKey(const MacKey&) = delete;
  MacKey& operator=(const MacKey&) = delete;
  ~MacKey() {
    if (decoded_) ::explicit_bzero(decoded_->data(), decoded_->size());
  }
  // Empty if the secret is no key.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return key_; }

 private:
  static constexpr std::string_view prefix = "whsec_";
  std::optional<std::vector<std::uint8_t>> decoded_;
  std::span<const std::uint8_t> key_;
};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 128)) out += c > 0x1f && c < 0x7f ? c : '?';
  return out + '"';
}

constexpr std::array<std::string_view, 5> methods{"GET", "POST", "PUT", "PATCH", "DELETE"};

}  // namespace

template <class Op>
opi_status RequestAssembly::guarded(void* impl, Op&& op) noexcept {
  if (impl == nullptr) return OPI_E_INVALID;
  auto& self = *static_cast<RequestAssembly*>(impl);
  try {
    return op(self);
  } catch (const std::bad_alloc&) {
    self.spoilt_ = true;
    self.rendering_.retryable = true;
    return OPI_E_NOMEM;
  } catch (...) {
    self.spoilt_ = true;  // OpenSSL, or the adapter's own callback
    self.rendering_.retryable = true;
    return OPI_E_FAILED;
  }
}

const opi_request_ops RequestAssembly::ops{
    sizeof(opi_request_ops),
    0,
    [](void* impl, opi_str method) { return guarded(impl, [&](auto& self) { return self.method(method); }); },
    [](void* impl, opi_str url) { return guarded(impl, [&](auto& self) { return self.url(url); }); },
    [](void* impl, opi_str name, opi_str value) {
      return guarded(impl, [&](auto& self) { return self.header(name, value); });
    },
    [](void* impl, opi_str name, opi_str prefix, opi_str slot, opi_str suffix) {
      return guarded(impl, [&](auto& self) { return self.header_secret(name, prefix, slot, suffix); });
    },
    [](void* impl, opi_str slot, std::uint32_t algorithm, opi_bytes data, opi_mac_fn each, void* ud) {
      return guarded(impl, [&](auto& self) { return self.mac(slot, algorithm, data, each, ud); });
    },
    [](void* impl, opi_bytes body) { return guarded(impl, [&](auto& self) { return self.body(body); }); },
    [](void* impl, opi_str slot) { return guarded(impl, [&](auto& self) { return self.url_secret(slot); }); },
};

RequestAssembly::RequestAssembly(const Component& component, const Destination& destination,
                                 const secrets::SecretSet& secrets)
    : component_(component), destination_(destination), secrets_(secrets) {
  rendering_.request.method = "POST";
}

opi_status RequestAssembly::spoil(opi_status status, std::string text, bool retryable) {
  if (!spoilt_) {
    rendering_.error = std::move(text);
    rendering_.retryable = retryable;
  }
  spoilt_ = true;
  return status;
}

opi_status RequestAssembly::method(const opi_str& method) {
  if (!is_sound(method) || std::ranges::find(methods, view(method)) == methods.end())
    return spoil(OPI_E_INVALID, "the adapter's HTTP method is not GET, POST, PUT, PATCH or DELETE");
  rendering_.request.method = view(method);
  return OPI_OK;
}

opi_status RequestAssembly::url(const opi_str& url) {
  if (!is_sound(url)) return spoil(OPI_E_INVALID, "the adapter's URL is not a text");
  return take_url(view(url));
}

opi_status RequestAssembly::take_url(std::string_view url) {
  if (url.size() > RequestLimits::url_bytes)
    return spoil(OPI_E_TOO_LARGE, "the URL is longer than " + std::to_string(RequestLimits::url_bytes) + " bytes");
  const auto origin = parse_origin(url);
  if (!origin)
    return spoil(OPI_E_INVALID, "the URL is not an absolute http or https URL without user information and fragment");
  if (!egress_covers(component_.egress, *origin, parse_origin(destination_.endpoint)))
    return spoil(OPI_E_DENIED, "the adapter's manifest does not let it send to the URL's host");
  rendering_.request.url = url;
  return OPI_OK;
}

opi_status RequestAssembly::url_secret(const opi_str& slot) {
  if (!is_sound(slot)) return spoil(OPI_E_INVALID, "the slot of the adapter's URL is not a text");
  const auto* const purpose = live_secrets(view(slot));
  if (purpose == nullptr) return OPI_E_NOT_FOUND;
  const auto bytes = purpose->versions.front().value->reveal();
  const auto status = take_url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  // Not the adapter's fault: whoever stored the secret can mend it.
  if (status != OPI_OK) {
    rendering_.unusable_purpose = view(slot);
    rendering_.retryable = true;
  }
  rendering_.url_is_secret = true;
  return status;
}

opi_status RequestAssembly::add_header(std::string_view name, std::string_view value) {
  auto& headers = rendering_.request.headers;
  if (value.size() > RequestLimits::header_value_bytes)
    return spoil(OPI_E_TOO_LARGE, "header " + quoted(name) + " is longer than " +
                                      std::to_string(RequestLimits::header_value_bytes) + " bytes");
  if (!is_header_name(name)) return spoil(OPI_E_INVALID, "header " + quoted(name) + " is not a valid name");
  if (!is_header_value(value))
    return spoil(OPI_E_INVALID, "header " + quoted(name) + " has a value that is not visible ASCII");
  const auto lower = lower_case(name);
  if (is_host_owned_header(lower)) return spoil(OPI_E_DENIED, "header " + quoted(name) + " is the host's to set");
  if (headers.size() == RequestLimits::headers)
    return spoil(OPI_E_TOO_LARGE, "there are more than " + std::to_string(RequestLimits::headers) + " headers");
  header_bytes_ += name.size() + value.size();
  if (header_bytes_ > RequestLimits::all_headers_bytes)
    return spoil(OPI_E_TOO_LARGE,
                 "the headers are longer than " + std::to_string(RequestLimits::all_headers_bytes) + " bytes");
  if (!header_names_.insert(lower).second) return spoil(OPI_E_INVALID, "header " + quoted(name) + " is set twice");
  headers.push_back({std::string(name), std::string(value)});
  return OPI_OK;
}

opi_status RequestAssembly::header(const opi_str& name, const opi_str& value) {
  if (!is_sound(name) || !is_sound(value)) return spoil(OPI_E_INVALID, "a header of the adapter's is not a text");
  if (is_credential_header(lower_case(view(name).substr(0, 128))))
    return spoil(OPI_E_DENIED,
                 "header " + quoted(view(name)) + " carries a credential: adapters set it by secret reference alone");
  return add_header(view(name), view(value));
}

bool RequestAssembly::may_be_unsigned(std::string_view slot) const {
  return destination_.signing == SigningRule::disabled && secrets_.find(slot) == nullptr;
}

const secrets::PurposeSecrets* RequestAssembly::live_secrets(std::string_view slot) {
  const auto declared = std::ranges::find(component_.slots, slot, &Slot::name);
  if (declared == component_.slots.end()) {
    spoil(OPI_E_DENIED,
          "the adapter asks for the secret slot " + quoted(slot) + ", which its manifest does not declare");
    return nullptr;
  }
  const auto* const purpose = secrets_.find(slot);
  if (purpose == nullptr || purpose->versions.empty()) rendering_.unusable_purpose = slot;
  if (purpose == nullptr) {
    spoil(OPI_E_NOT_FOUND, "the destination has no credential for the purpose " + quoted(slot), true);
    return nullptr;
  }
  if (purpose->versions.empty()) {
    spoil(OPI_E_NOT_FOUND, "no secret could be resolved for the purpose " + quoted(slot) + ": " + purpose->failure,
          true);
    return nullptr;
  }
  auto& used = rendering_.used_purposes;
  if (std::ranges::find(used, slot) == used.end()) used.emplace_back(slot);
  return purpose;
}

opi_status RequestAssembly::header_secret(const opi_str& name, const opi_str& prefix, const opi_str& slot,
                                          const opi_str& suffix) {
  if (!is_sound(name) || !is_sound(prefix) || !is_sound(slot) || !is_sound(suffix))
    return spoil(OPI_E_INVALID, "a secret header of the adapter's is not a text");
  if (prefix.n + suffix.n > RequestLimits::header_value_bytes)
    return spoil(OPI_E_TOO_LARGE, "header " + quoted(view(name)) + " is too long");
  const auto* const purpose = live_secrets(view(slot));
  if (purpose == nullptr) return OPI_E_NOT_FOUND;
  const auto bytes = purpose->versions.front().value->reveal();
  std::string value{view(prefix)};
  value.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()).append(view(suffix));
  const auto status = add_header(view(name), value);
  ::explicit_bzero(value.data(), value.size());
  return status;
}

opi_status RequestAssembly::mac(const opi_str& slot, std::uint32_t algorithm, const opi_bytes& data, opi_mac_fn each,
                                void* ud) {
  if (!is_sound(slot) || !is_sound(data) || each == nullptr)
    return spoil(OPI_E_INVALID, "a signature that the adapter asks for is malformed");
  if (algorithm != OPI_MAC_HMAC_SHA256)
    return spoil(OPI_E_UNSUPPORTED, "the adapter asks for a MAC algorithm that this host does not know");
  if (++macs_ > RequestLimits::macs)
    return spoil(OPI_E_TOO_LARGE,
                 "the adapter asks for more than " + std::to_string(RequestLimits::macs) + " signatures");
  if (may_be_unsigned(view(slot))) return OPI_E_NOT_FOUND;
  const auto* const purpose = live_secrets(view(slot));
  if (purpose == nullptr) return OPI_E_NOT_FOUND;
  for (const auto& version : purpose->versions) {
    const MacKey key(*version.value);
    if (key.bytes().empty()) rendering_.unusable_purpose = view(slot);
    if (key.bytes().empty())
      return spoil(OPI_E_INVALID,
                   "a secret of the purpose " + quoted(view(slot)) + " is not a key: whsec_ must be followed by base64",
                   true);
    const auto mac = crypto::hmac_sha256(key.bytes(), view(data));
    each(ud, {mac.data(), mac.size()}, raw(version.version));
  }
  rendering_.is_signed = true;
  return OPI_OK;
}

opi_status RequestAssembly::body(const opi_bytes& body) {
  if (!is_sound(body)) return spoil(OPI_E_INVALID, "the adapter's body is not a text");
  if (body.n > component_.body_bytes)
    return spoil(OPI_E_TOO_LARGE, "the body is larger than " + std::to_string(component_.body_bytes) + " bytes");
  rendering_.request.body = view(body);
  return OPI_OK;
}

delivery::Rendering RequestAssembly::finish(const std::string& user_agent) && {
  if (!spoilt_ && rendering_.request.url.empty()) spoil(OPI_E_INVALID, "the adapter named no URL");
  if (spoilt_) {
    if (rendering_.error.empty()) rendering_.error = "the request could not be put together";
    rendering_.request = {};
    rendering_.is_signed = false;
    return std::move(rendering_);
  }
  if (!header_names_.contains("user-agent")) rendering_.request.headers.push_back({"User-Agent", user_agent});
  rendering_.ok = true;
  return std::move(rendering_);
}

delivery::Rendering RequestAssembly::fail(opi_status status, std::string_view text) && {
  const bool passing = status == OPI_E_BUSY || status == OPI_E_TIMEOUT || status == OPI_E_NOMEM;
  std::string error{text};
  if (error.empty())
    error = status == OPI_E_EXCEPTION ? "the adapter failed with an exception"
                                      : "the adapter failed with status " + std::to_string(status);
  spoil(status, std::move(error), passing);  // what the host refused first says more than what the adapter made of it
  return std::move(*this).finish({});
}

}  // namespace opi::plugins
