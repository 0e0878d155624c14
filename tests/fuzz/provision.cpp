#include "delivery/provisioning.hpp"
#include "fuzz/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto parsed = delivery::parse_provision(fuzz::text(data, size));
  if (const auto* errors = std::get_if<std::vector<delivery::FieldError>>(&parsed)) {
    fuzz::require(!errors->empty(), "a refusal says why");
    return 0;
  }
  for (const auto& destination : std::get<delivery::Provision>(parsed).destinations) {
    fuzz::require(destination.endpoint.size() <= DestinationLimits::endpoint_length,
                  "the endpoint is within its limit");
    fuzz::require(destination.max_in_flight >= 1 && destination.max_in_flight <= DestinationLimits::max_in_flight,
                  "max_in_flight is within its limits");
    for (const auto& credential : destination.credentials)
      fuzz::require(credential.reference.find("://") != std::string::npos, "a reference is never a bare value");
  }
  return 0;
}
