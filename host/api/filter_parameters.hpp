#pragma once
#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "api/destination_runtime.hpp"
#include "api/problem.hpp"
#include "delivery/delivery_filter.hpp"
#include "domain/idempotency_key.hpp"

namespace opi::api {

// The filters that deliveries, dead letters and their actions share, by these names:
inline constexpr std::array<std::string_view, 9> filter_names{"destination_id", "event_id",     "event_type",
                                                              "correlation_id", "alert_id",     "evidence_id",
                                                              "ticket_id",      "created_from", "created_to"};

// Reads named texts, such as a query's parameters, collecting what is wrong with each under `prefix` + name. What is no
// plain text (NUL, other control characters, what is not UTF-8) is an error of any of them: no store is asked for it.
class ParameterReader {
 public:
  // What is in neither list is an error.
  ParameterReader(const std::map<std::string, std::string>& values, std::initializer_list<std::string_view> known,
                  std::span<const std::string_view> filters, std::vector<ProblemField>& errors,
                  std::string prefix = {});

  // Without filters.
  ParameterReader(const std::map<std::string, std::string>& values, std::initializer_list<std::string_view> known,
                  std::vector<ProblemField>& errors)
      : ParameterReader(values, known, {}, errors) {}

  // What `parse`, which answers an optional, makes of the parameter; nullopt if it is absent or an error.
  template <class Parse>
  auto one(const char* name, const char* expected, Parse parse) -> decltype(parse(std::string_view{})) {
    const auto text = plain_text(name);
    if (!text) return std::nullopt;
    auto value = parse(*text);
    if (!value) errors_.push_back({prefix_ + name, expected});
    return value;
  }

  // A comma-separated list of at most `most`; empty if the parameter is absent or an error.
  template <class Parse>
  auto list(const char* name, const char* expected, std::size_t most, Parse parse) {
    std::vector<typename decltype(parse(std::string_view{}))::value_type> items;
    const auto text = plain_text(name);
    if (!text) return items;
    std::string_view rest = *text;
    for (;;) {
      const auto end = std::min(rest.find(','), rest.size());
      auto item = parse(rest.substr(0, end));
      if (!item || items.size() == most) {
        errors_.push_back({prefix_ + name, expected});
        return decltype(items){};
      }
      items.push_back(std::move(*item));
      if (end == rest.size()) return items;
      rest.remove_prefix(end + 1);
    }
  }

 private:
  // Of the parameter; nullopt if it is absent or an error.
  std::optional<std::string_view> plain_text(const char* name);

  const std::map<std::string, std::string>& values_;
  std::vector<ProblemField>& errors_;
  const std::string prefix_;
};

// The key of a delivery: 64 hex digits, in a webhook-id behind "msg_"; nullopt for what is none.
std::optional<IdempotencyKey> parse_idempotency_key(std::string_view text);
std::optional<IdempotencyKey> parse_webhook_id(std::string_view text);
// 1 to 128 bytes.
std::optional<std::string> parse_reference(std::string_view text);
std::optional<std::string> parse_event_type(std::string_view text);

// What filter_names name.
void read_filter(ParameterReader& reader, delivery::DeliveryFilter& filter);

// 1 to 200.
std::optional<int> parse_limit(std::string_view text);
std::optional<bool> parse_flag(std::string_view text);  // true or false

// Restricts `filter` to live deliveries to destinations that are held, or to everything else. False if nothing can
// match.
bool restrict_to_held(delivery::DeliveryFilter& filter, bool held, const Holds& holds);

}  // namespace opi::api
