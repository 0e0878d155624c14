#pragma once
#include "delivery/json_fields.hpp"
#include "domain/destination.hpp"

namespace opi::delivery {

// Reads the members that every document of a destination has: name, adapter, event_types, filter, signing,
// order, authorization, config, max_in_flight and rate_limit_per_second. Those that are left out take their default,
// except authorization, which stays: only null takes it away.
void read_destination_fields(JsonFields& fields, Destination& into);

// Of these, those that say which events it is given: event_types and filter.
void read_subscription(JsonFields& fields, Destination& into);

// Whether a purpose can be one: 1 to 64 letters, digits, '-', '_' and '.'.
bool is_credential_purpose(std::string_view text);

struct CredentialLimits {
  static constexpr std::size_t purpose_length = 64, reference_length = 512;
};

// Reads a required `reference`: a locator with a scheme, never the secret itself. Errors do not repeat it.
std::string read_reference(JsonFields& fields);

}  // namespace opi::delivery
