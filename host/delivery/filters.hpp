#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "delivery/envelope.hpp"
#include "domain/catalog.hpp"
#include "filtering/filter.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// The filter that a text is, or why it is none; the field is "filter" then. Pure.
std::variant<filtering::Filter, FieldError> parse_filter(std::string_view text);

// Why this version cannot read the destination's filter; nullopt if it can, or there is none. Pure.
std::optional<FieldError> filter_fault(const Destination& destination);

// An event as filters see it: its envelope, read when the first of them looks, without the members that it lacks. Not
// thread-safe; the event outlives it.
class FilterSubject {
 public:
  explicit FilterSubject(const Event& event) : event_(event) {}
  // nullptr if the payload is not JSON that can be looked into.
  const boost::json::value* value();

 private:
  const Event& event_;
  bool read_ = false;
  std::optional<boost::json::value> value_;
};

// The filters of a catalog's destinations, parsed once. Thread-safe.
class Filters {
 public:
  // Parses those that are new, and forgets those that are gone.
  void follow(const Catalog& catalog);

  // False of a filter of the current catalog that this version cannot read.
  bool can_read(const std::string& filter) const;

  // Whether the destination is given the event, as far as its filter says. A filter that this version cannot read, or
  // an event that cannot be looked into, lets it through: what is in doubt is delivered.
  bool pass(const Destination& destination, FilterSubject& event) const;

 private:
  using Parsed = std::optional<filtering::Filter>;  // nullopt: cannot be read

  mutable Mutex mutex_;
  std::unordered_map<std::string, Parsed> parsed_ OPI_GUARDED_BY(mutex_);  // by text
};

}  // namespace opi::delivery
