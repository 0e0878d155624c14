#pragma once
#include <opi/abi.h>

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "opi/cpp/failure.hpp"
#include "opi/cpp/views.hpp"

namespace opi::sdk {

// Builds the request of one render(). What the host refuses throws Failure, which names what was refused;
// let it pass. See opi_request_ops for limits and rules.
class RequestBuilder {
 public:
  explicit RequestBuilder(opi_request_out out) : out_(out) {}

  RequestBuilder& method(std::string_view method) {
    return checked(out_.ops->method(out_.impl, raw(method)), "method");
  }
  RequestBuilder& url(std::string_view url) { return checked(out_.ops->url(out_.impl, raw(url)), "url"); }
#if OPI_TARGET_MINOR >= 1
  RequestBuilder& url_secret(std::string_view slot) {
    return checked(out_.ops->url_secret(out_.impl, raw(slot)), "url_secret");
  }
#endif
  RequestBuilder& header(std::string_view name, std::string_view value) {
    return checked(out_.ops->header(out_.impl, raw(name), raw(value)), name);
  }
  RequestBuilder& header_secret(std::string_view name, std::string_view prefix, std::string_view slot,
                                std::string_view suffix = {}) {
    return checked(out_.ops->header_secret(out_.impl, raw(name), raw(prefix), raw(slot), raw(suffix)), name);
  }
  RequestBuilder& body(std::string_view body) { return checked(out_.ops->body(out_.impl, raw_bytes(body)), "body"); }

  // Calls each(mac bytes, secret version) for every live version of the slot's secret, the current one first.
  // False: the destination has no credential there and may be sent to unsigned.
  template <class Each>
  bool hmac_sha256(std::string_view slot, std::string_view data, Each&& each) {
    return mac(OPI_MAC_HMAC_SHA256, slot, data, each);
  }
#if OPI_TARGET_MINOR >= 1
  // As hmac_sha256(), but a secret that is an Ed25519 private key signs: 64 bytes instead of 32.
  template <class Each>
  bool signature(std::string_view slot, std::string_view data, Each&& each) {
    return mac(OPI_MAC_BY_KEY, slot, data, each);
  }
#endif

 private:
  template <class Each>
  bool mac(std::uint32_t algorithm, std::string_view slot, std::string_view data, Each& each) {
    Visit<Each> visit{each, nullptr};
    const auto status = out_.ops->mac(out_.impl, raw(slot), algorithm, raw_bytes(data), &Visit<Each>::call, &visit);
    if (visit.thrown) std::rethrow_exception(visit.thrown);
    if (status == OPI_E_NOT_FOUND) return false;
    checked(status, slot);
    return true;
  }

  template <class Each>
  struct Visit {
    Each& each;
    std::exception_ptr thrown;
    static void call(void* ud, opi_bytes mac, opi_str version) noexcept {
      auto& self = *static_cast<Visit*>(ud);
      if (self.thrown) return;
      try {
        self.each(std::span<const std::uint8_t>{mac.p, mac.n}, view(version));
      } catch (...) {
        self.thrown = std::current_exception();
      }
    }
  };

  RequestBuilder& checked(opi_status status, std::string_view what) {
    if (status != OPI_OK) throw Failure(status, "the host refused \"" + std::string(what) + "\"");
    return *this;
  }

  opi_request_out out_;
};

}  // namespace opi::sdk
