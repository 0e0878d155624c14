#pragma once
#include <chrono>

#include "administration/endpoint_check.hpp"
#include "egress/address_guard.hpp"
#include "egress/resolver.hpp"

namespace opi::egress {

// Judges an endpoint as the transport would if it connected now.
class GuardedEndpointCheck final : public administration::EndpointCheck {
 public:
  struct Options {
    std::chrono::milliseconds patience{3'000};  // for the resolver
  };

  // `resolver` outlives this.
  GuardedEndpointCheck(Resolver& resolver, AddressGuard guard, const Options& options)
      : resolver_(resolver), guard_(std::move(guard)), options_(options) {}

  std::optional<std::string> fault(const std::string& url) override;

 private:
  Resolver& resolver_;
  const AddressGuard guard_;
  const Options options_;
};

}  // namespace opi::egress
