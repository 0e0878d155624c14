#include "delivery/destination_fields.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "delivery/authorization_fields.hpp"
#include "delivery/filters.hpp"
#include "domain/event.hpp"

namespace opi::delivery {
namespace {

constexpr double max_rate_limit = 100'000;

void read_subscriptions(JsonFields& fields, Destination& into) {
  const auto* list = fields.array("event_types");
  if (list == nullptr || list->empty() || list->size() > DestinationLimits::subscriptions)
    return fields.error("event_types", "must list 1 to 64 event types, prefixes such as alert.*, or *");
  for (const auto& item : *list) {
    const auto* text = item.if_string();
    if (text == nullptr || !is_subscription({text->data(), text->size()}))
      return fields.error("event_types", "must hold event types, prefixes such as alert.*, or *");
    into.subscriptions.emplace_back(text->data(), text->size());
  }
}

// Not text(): a filter may have several lines, and its faults have a place.
void read_filter(JsonFields& fields, Destination& into) {
  into.filter.clear();
  const auto* value = fields.value("filter");
  if (value == nullptr) return;
  const auto* text = value->if_string();
  if (text == nullptr) return fields.error("filter", "must be a string or null");
  if (text->size() > DestinationLimits::filter_length)
    return fields.error("filter", "is longer than " + std::to_string(DestinationLimits::filter_length) + " bytes");
  into.filter.assign(text->data(), text->size());
  auto result = parse_filter(into.filter);
  if (auto* fault = std::get_if<FieldError>(&result)) {
    fault->field = fields.path_of(fault->field);
    fields.errors().push_back(std::move(*fault));
  }
}

// Boost.JSON 1.81 reads a number beyond a double, such as 1e400, as infinity, and writes that as a word that nobody
// reads again: it is refused where it stands.
void refuse_infinity(const boost::json::value& value, const std::string& path, JsonFields& fields) {
  if (const auto* number = value.if_double(); number != nullptr && !std::isfinite(*number))
    fields.error(path, "is a number that cannot be kept");
  if (const auto* object = value.if_object())
    for (const auto& [name, member] : *object) refuse_infinity(member, path + "." + std::string(name), fields);
  if (const auto* array = value.if_array())
    for (std::size_t i = 0; i < array->size(); ++i)
      refuse_infinity((*array)[i], path + "[" + std::to_string(i) + "]", fields);
}

}  // namespace

void read_subscription(JsonFields& fields, Destination& into) {
  into.subscriptions.clear();
  read_subscriptions(fields, into);
  read_filter(fields, into);
}

void read_destination_fields(JsonFields& fields, Destination& into) {
  into.name = fields.required_text("name", DestinationLimits::name_length);
  into.adapter = fields.required_text("adapter", DestinationLimits::adapter_length);
  read_subscription(fields, into);
  into.signing = SigningRule::required;
  if (const auto rule = fields.text("signing", 16)) {
    if (*rule != "required" && *rule != "disabled") fields.error("signing", "must be required or disabled");
    if (*rule == "disabled") into.signing = SigningRule::disabled;
  }
  into.order = DeliveryOrder::none;
  if (const auto order = fields.text("order", 16)) {
    if (*order != "none" && *order != "subject") fields.error("order", "must be none or subject");
    if (*order == "subject") into.order = DeliveryOrder::subject;
  }
  if (fields.is_null("authorization")) into.authorization.reset();
  if (const auto* authorization = fields.object("authorization"))
    into.authorization =
        read_authorization(*authorization, fields.path_of("authorization"), into.authorization, fields.errors());
  const auto* config = fields.object("config");
  if (config != nullptr) refuse_infinity(*config, "config", fields);
  into.config = config == nullptr ? "{}" : boost::json::serialize(*config);
  if (into.config.size() > DestinationLimits::config_bytes) fields.error("config", "is larger than 65536 bytes");
  into.max_in_flight = static_cast<int>(fields.integer("max_in_flight", 1, DestinationLimits::max_in_flight)
                                            .value_or(DestinationLimits::default_max_in_flight));
  into.rate_limit_per_second = fields.number("rate_limit_per_second", 0, max_rate_limit).value_or(0);
}

bool is_credential_purpose(std::string_view text) {
  return !text.empty() && text.size() <= CredentialLimits::purpose_length &&
         std::ranges::all_of(text, [](char c) { return ascii_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string read_reference(JsonFields& fields) {
  auto reference = fields.required_text("reference", CredentialLimits::reference_length);
  if (!reference.empty() && reference.find("://") == std::string::npos)
    fields.error("reference", "must be a reference such as k8s://namespace/secret/key, never the secret itself");
  return reference;
}

}  // namespace opi::delivery
