#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "delivery/envelope.hpp"
#include "domain/policy.hpp"
#include "domain/retention.hpp"

namespace opi::delivery {

// Reads the members of one JSON object, collecting what is wrong with each under its path.
class JsonFields {
 public:
  // `path` is the object's own, empty for the document; `errors` outlives this.
  JsonFields(const boost::json::object& object, std::string path, std::vector<FieldError>& errors)
      : object_(object), path_(std::move(path)), errors_(errors) {}

  void refuse_unknown(std::initializer_list<std::string_view> known);

  // Absent and null members answer nullopt; members of another type or beyond a limit are errors too.
  std::optional<std::string> text(const char* name, std::size_t max_length);
  std::optional<bool> boolean(const char* name);
  std::optional<double> number(const char* name, double least, double most);
  std::optional<long long> integer(const char* name, long long least, long long most);
  std::optional<std::chrono::milliseconds> milliseconds(const char* name);
  const boost::json::object* object(const char* name);
  const boost::json::array* array(const char* name);
  const boost::json::value* value(const char* name) const { return present(name); }  // of any type
  [[nodiscard]] bool is_null(const char* name) const;                                // named, to be taken away

  std::string required_text(const char* name, std::size_t max_length);

  void error(std::string_view name, std::string message);
  [[nodiscard]] std::string path_of(std::string_view name) const;
  std::vector<FieldError>& errors() { return errors_; }

 private:
  const boost::json::value* present(const char* name) const;

  const boost::json::object& object_;
  const std::string path_;
  std::vector<FieldError>& errors_;
};

// The members of a policy override: max_attempts, timeout_ms, backoff_initial_ms, backoff_factor, backoff_cap_ms,
// backoff_jitter, retry_after_max_ms, dead_letter, retryable_statuses. `base` is what it will be applied to: the sum
// must hold.
PolicyOverride read_policy(const boost::json::object& object, const std::string& path, const DeliveryPolicy& base,
                           std::vector<FieldError>& errors);

// The members of a tenant's retention: delivered_days, failed_days, delivery_events_days, rollup_days.
RetentionOverride read_retention(const boost::json::object& object, const std::string& path,
                                 std::vector<FieldError>& errors);

}  // namespace opi::delivery
