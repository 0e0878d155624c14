#include "plugins/request_assembly.hpp"

#include <strings.h>

#include <algorithm>
#include <cstring>

#include "crypto/digest.hpp"
#include "secrets/signing_key.hpp"

namespace opi::plugins {
namespace {

// Why nothing can be made with the key; nullptr if it can.
const char* fault_of(const secrets::SigningKey& key, std::uint32_t algorithm) {
  if (!key.is_key()) return secrets::not_a_signing_key;
  return algorithm == OPI_MAC_HMAC_SHA256 && key.private_key() != nullptr ? secrets::not_a_mac_key : nullptr;
}

}  // namespace

template <class Op>
opi_status RequestAssembly::guarded(void* impl, Op&& op) noexcept {
  if (impl == nullptr) return OPI_E_INVALID;
  auto& self = *static_cast<RequestAssembly*>(impl);
  try {
    return op(self);
  } catch (const std::bad_alloc&) {
    self.draft_.spoil_by_accident();
    return OPI_E_NOMEM;
  } catch (...) {
    self.draft_.spoil_by_accident();  // OpenSSL, or the adapter's own callback
    return OPI_E_FAILED;
  }
}

const opi_request_ops RequestAssembly::ops{
    sizeof(opi_request_ops),
    0,
    [](void* impl, opi_str method) { return guarded(impl, [&](auto& self) { return self.draft_.method(method); }); },
    [](void* impl, opi_str url) { return guarded(impl, [&](auto& self) { return self.draft_.url(url); }); },
    [](void* impl, opi_str name, opi_str value) {
      return guarded(impl, [&](auto& self) { return self.draft_.header(name, value); });
    },
    [](void* impl, opi_str name, opi_str prefix, opi_str slot, opi_str suffix) {
      return guarded(impl, [&](auto& self) { return self.header_secret(name, prefix, slot, suffix); });
    },
    [](void* impl, opi_str slot, std::uint32_t algorithm, opi_bytes data, opi_mac_fn each, void* ud) {
      return guarded(impl, [&](auto& self) { return self.mac(slot, algorithm, data, each, ud); });
    },
    [](void* impl, opi_bytes body) { return guarded(impl, [&](auto& self) { return self.draft_.body(body); }); },
    [](void* impl, opi_str slot) { return guarded(impl, [&](auto& self) { return self.url_secret(slot); }); },
};

RequestAssembly::RequestAssembly(const Component& component, const Destination& destination,
                                 const secrets::SecretSet& secrets)
    : component_(component),
      destination_(destination),
      secrets_(secrets),
      rules_{component.egress, parse_origin(destination.endpoint), component.body_bytes},
      draft_(rules_) {}

opi_status RequestAssembly::url_secret(const opi_str& slot) {
  if (!is_sound(slot)) return draft_.spoil(OPI_E_INVALID, "the slot of the adapter's URL is not a text");
  const auto* const purpose = live_secrets(view(slot));
  if (purpose == nullptr) return OPI_E_NOT_FOUND;
  const auto bytes = purpose->versions.front().value->reveal();
  const auto status = draft_.take_url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  // Not the adapter's fault: whoever stored the secret can mend it.
  if (status != OPI_OK) {
    rendering_.unusable_purpose = view(slot);
    draft_.mark_retryable();
  }
  rendering_.url_is_secret = true;
  return status;
}

bool RequestAssembly::may_be_unsigned(std::string_view slot) const {
  return destination_.signing == SigningRule::disabled && secrets_.find(slot) == nullptr;
}

const secrets::PurposeSecrets* RequestAssembly::live_secrets(std::string_view slot) {
  const auto declared = std::ranges::find(component_.slots, slot, &Slot::name);
  if (declared == component_.slots.end()) {
    draft_.spoil(OPI_E_DENIED,
                 "the adapter asks for the secret slot " + quoted_name(slot) + ", which its manifest does not declare");
    return nullptr;
  }
  const auto* const purpose = secrets_.find(slot);
  if (purpose == nullptr || purpose->versions.empty()) rendering_.unusable_purpose = slot;
  if (purpose == nullptr) {
    draft_.spoil(OPI_E_NOT_FOUND, "the destination has no credential for the purpose " + quoted_name(slot), true);
    return nullptr;
  }
  if (purpose->versions.empty()) {
    draft_.spoil(OPI_E_NOT_FOUND,
                 "no secret could be resolved for the purpose " + quoted_name(slot) + ": " + purpose->failure, true);
    return nullptr;
  }
  auto& used = rendering_.used_purposes;
  if (std::ranges::find(used, slot) == used.end()) used.emplace_back(slot);
  return purpose;
}

opi_status RequestAssembly::header_secret(const opi_str& name, const opi_str& prefix, const opi_str& slot,
                                          const opi_str& suffix) {
  if (!is_sound(name) || !is_sound(prefix) || !is_sound(slot) || !is_sound(suffix))
    return draft_.spoil(OPI_E_INVALID, "a secret header of the adapter's is not a text");
  if (prefix.n + suffix.n > RequestLimits::header_value_bytes)
    return draft_.spoil(OPI_E_TOO_LARGE, "header " + quoted_name(view(name)) + " is too long");
  const auto* const purpose = live_secrets(view(slot));
  if (purpose == nullptr) return OPI_E_NOT_FOUND;
  const auto bytes = purpose->versions.front().value->reveal();
  std::string value{view(prefix)};
  value.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()).append(view(suffix));
  const auto status = draft_.add_header(view(name), value);
  rendering_.sent.push_back(std::make_shared<const secrets::Secret>(value));
  rendering_.sent.push_back(purpose->versions.front().value);
  ::explicit_bzero(value.data(), value.size());
  return status;
}

opi_status RequestAssembly::mac(const opi_str& slot, std::uint32_t algorithm, const opi_bytes& data, opi_mac_fn each,
                                void* ud) {
  if (!is_sound(slot) || !is_sound(data) || each == nullptr)
    return draft_.spoil(OPI_E_INVALID, "a signature that the adapter asks for is malformed");
  if (algorithm != OPI_MAC_HMAC_SHA256 && algorithm != OPI_MAC_BY_KEY)
    return draft_.spoil(OPI_E_UNSUPPORTED, "the adapter asks for a MAC algorithm that this host does not know");
  if (data.n > RequestLimits::mac_data_bytes)
    return draft_.spoil(OPI_E_TOO_LARGE, "the adapter asks for a signature of more than " +
                                             std::to_string(RequestLimits::mac_data_bytes) + " bytes");
  if (++macs_ > RequestLimits::macs)
    return draft_.spoil(OPI_E_TOO_LARGE,
                        "the adapter asks for more than " + std::to_string(RequestLimits::macs) + " signatures");
  if (may_be_unsigned(view(slot))) return OPI_E_NOT_FOUND;
  const auto* const purpose = live_secrets(view(slot));
  if (purpose == nullptr) return OPI_E_NOT_FOUND;
  for (const auto& version : purpose->versions) {
    const secrets::SigningKey key(*version.value);
    // Of the purpose "signing" none that is no key comes here: the broker has judged them. An adapter may have slots of
    // other names.
    const auto* const fault = fault_of(key, algorithm);
    if (fault != nullptr && version.former) continue;  // what replaced it may have mended it
    if (fault != nullptr) {
      rendering_.unusable_purpose = view(slot);
      return draft_.spoil(OPI_E_INVALID, "for the purpose " + quoted_name(view(slot)) + " " + fault, true);
    }
    if (const auto* own = key.private_key()) {
      const auto signature = own->sign(view(data));
      each(ud, {signature.data(), signature.size()}, raw(version.version));
    } else {
      const auto mac = crypto::hmac_sha256(key.mac_key(), view(data));
      each(ud, {mac.data(), mac.size()}, raw(version.version));
    }
  }
  rendering_.is_signed = true;
  return OPI_OK;
}

// A host that the tenant's own configuration or a secret names is none that its secrets were put for.
bool RequestAssembly::goes_elsewhere() {
  auto named = rendering_.url_is_secret ? std::vector<std::string>{} : rules_.egress;
  std::erase(named, "*");
  named.emplace_back("{endpoint}");
  const auto origin = parse_origin(draft_.request().url);
  return !origin || !egress_covers(named, *origin, rules_.endpoint);
}

delivery::Rendering RequestAssembly::finish(const std::string& user_agent) && {
  auto& request = draft_.request();
  if (!draft_.is_spoilt() && request.url.empty()) draft_.spoil(OPI_E_INVALID, "the adapter named no URL");
  rendering_.elsewhere = !draft_.is_spoilt() && goes_elsewhere();
  if (rendering_.elsewhere && rendering_.used_purposes.size() > (rendering_.url_is_secret ? 1 : 0))
    draft_.spoil(OPI_E_DENIED,
                 "the request goes to another host than the endpoint's, and a secret goes to the endpoint's alone");
  rendering_.retryable = draft_.is_retryable();
  if (draft_.is_spoilt()) {
    rendering_.error = draft_.error().empty() ? "the request could not be put together" : draft_.error();
    rendering_.is_signed = false;
    return std::move(rendering_);
  }
  if (!draft_.has_header("user-agent")) request.headers.push_back({"User-Agent", user_agent});
  rendering_.request = std::move(request);
  rendering_.ok = true;
  return std::move(rendering_);
}

delivery::Rendering RequestAssembly::fail(opi_status status, std::string_view text) && {
  const bool passing = status == OPI_E_BUSY || status == OPI_E_TIMEOUT || status == OPI_E_NOMEM;
  std::string error{text};
  if (error.empty())
    error = status == OPI_E_EXCEPTION ? "the adapter failed with an exception"
                                      : "the adapter failed with status " + std::to_string(status);
  draft_.spoil(status, std::move(error),
               passing);  // what the host refused first says more than what the adapter made of it
  return std::move(*this).finish({});
}

}  // namespace opi::plugins
