#include "delivery/json_fields.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "domain/redaction.hpp"
#include "domain/text_controls.hpp"

namespace opi::delivery {

namespace json = boost::json;

void JsonFields::refuse_unknown(std::initializer_list<std::string_view> known) {
  for (const auto& member : object_) {
    const std::string_view name{member.key().data(), member.key().size()};
    if (std::ranges::find(known, name) == known.end()) error(redact(name, 64), "is not a known member");
  }
}

const json::value* JsonFields::present(const char* name) const {
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> JsonFields::text(const char* name, std::size_t max_length) {
  const auto* value = present(name);
  if (value == nullptr) return std::nullopt;
  const auto* string = value->if_string();
  if (string == nullptr) {
    error(name, "must be a string");
  } else if (string->size() > max_length) {
    error(name, "is longer than " + std::to_string(max_length) + " bytes");
  } else if (has_controls({string->data(), string->size()})) {
    error(name, "contains control characters");
  } else {
    return std::string(string->data(), string->size());
  }
  return std::nullopt;
}

std::string JsonFields::required_text(const char* name, std::size_t max_length) {
  if (present(name) == nullptr) {
    error(name, "is missing");
    return {};
  }
  auto value = text(name, max_length);
  if (value && value->empty()) error(name, "is empty");
  return value.value_or("");
}

std::optional<bool> JsonFields::boolean(const char* name) {
  const auto* value = present(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* flag = value->if_bool()) return *flag;
  error(name, "must be true or false");
  return std::nullopt;
}

std::optional<double> JsonFields::number(const char* name, double least, double most) {
  const auto* value = present(name);
  if (value == nullptr) return std::nullopt;
  json::error_code failure;
  const auto number = value->to_number<double>(failure);
  if (!failure && number >= least && number <= most) return number;
  error(name, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<long long> JsonFields::integer(const char* name, long long least, long long most) {
  const auto* value = present(name);
  if (value == nullptr) return std::nullopt;
  json::error_code failure;
  const auto number = value->to_number<std::int64_t>(failure);
  if (!failure && number >= least && number <= most) return number;
  error(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> JsonFields::milliseconds(const char* name) {
  const auto value = integer(name, 0, 2'592'000'000);
  return value ? std::optional{std::chrono::milliseconds{*value}} : std::nullopt;
}

const json::object* JsonFields::object(const char* name) {
  const auto* value = present(name);
  if (value != nullptr && !value->is_object()) error(name, "must be an object");
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* JsonFields::array(const char* name) {
  const auto* value = present(name);
  if (value != nullptr && !value->is_array()) error(name, "must be an array");
  return value == nullptr ? nullptr : value->if_array();
}

bool JsonFields::is_null(const char* name) const {
  const auto* value = object_.if_contains(name);
  return value != nullptr && value->is_null();
}

void JsonFields::error(std::string_view name, std::string message) {
  errors_.push_back({path_of(name), std::move(message)});
}

std::string JsonFields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

PolicyOverride read_policy(const json::object& object, const std::string& path, const DeliveryPolicy& base,
                           std::vector<FieldError>& errors) {
  JsonFields fields(object, path, errors);
  fields.refuse_unknown({"max_attempts", "timeout_ms", "backoff_initial_ms", "backoff_factor", "backoff_cap_ms",
                         "backoff_jitter", "retry_after_max_ms", "dead_letter", "retryable_statuses"});
  const std::size_t errors_before = errors.size();
  PolicyOverride policy;
  if (const auto value = fields.integer("max_attempts", 0, 1'000'000)) policy.max_attempts = static_cast<int>(*value);
  policy.timeout = fields.milliseconds("timeout_ms");
  policy.backoff_initial = fields.milliseconds("backoff_initial_ms");
  policy.backoff_cap = fields.milliseconds("backoff_cap_ms");
  policy.retry_after_max = fields.milliseconds("retry_after_max_ms");
  policy.backoff_factor = fields.number("backoff_factor", 0, 1000);
  policy.backoff_jitter = fields.number("backoff_jitter", 0, 1);
  if (const auto name = fields.text("dead_letter", 32)) {
    policy.dead_letter = parse_dead_letter_behaviour(*name);
    if (!policy.dead_letter) fields.error("dead_letter", "must be always, on_exhaustion or never");
  }
  if (const auto* list = fields.array("retryable_statuses")) {
    std::vector<int> statuses;
    for (const auto& item : *list) {
      json::error_code failure;
      const auto status = item.to_number<int>(failure);
      if (failure) fields.error("retryable_statuses", "must hold HTTP statuses");
      statuses.push_back(status);
    }
    std::ranges::sort(statuses);
    statuses.erase(std::unique(statuses.begin(), statuses.end()), statuses.end());
    policy.retryable_statuses = std::move(statuses);
  }
  if (errors.size() == errors_before)
    for (const auto& fault : check(policy.applied_to(base))) fields.error(fault.field, std::string(fault.reason));
  return policy;
}

RetentionOverride read_retention(const json::object& object, const std::string& path, std::vector<FieldError>& errors) {
  JsonFields fields(object, path, errors);
  fields.refuse_unknown({"delivered_days", "failed_days", "delivery_events_days", "rollup_days"});
  const auto days = [&](const char* name) -> std::optional<std::chrono::days> {
    const auto value = fields.integer(name, RetentionLimits::least.count(), RetentionLimits::most.count());
    return value ? std::optional{std::chrono::days{*value}} : std::nullopt;
  };
  return {days("delivered_days"), days("failed_days"), days("delivery_events_days"), days("rollup_days")};
}

}  // namespace opi::delivery
