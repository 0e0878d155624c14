#pragma once
#include <chrono>

#include "administration/endpoint_check.hpp"
#include "egress/address_guard.hpp"
#include "egress/resolver.hpp"

namespace opi::egress {

// Judges an endpoint's address as the transport will, and of a name no more than the world may know.
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
  std::optional<std::string> fault_of_name(const std::string& host, bool tls);
  std::vector<IpAddress> resolved(const std::string& host);

  Resolver& resolver_;
  const AddressGuard guard_;
  const Options options_;
};

}  // namespace opi::egress
