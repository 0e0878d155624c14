#pragma once
#include <boost/json/value.hpp>
#include <memory>
#include <string_view>
#include <variant>

#include "filtering/syntax_fault.hpp"

namespace opi::filtering {

struct Expression;

struct FilterLimits {
  static constexpr std::size_t length = 2048;  // bytes
  static constexpr int depth = 8;              // of ( ), [?…] and functions in each other
  static constexpr int terms = 64;             // comparisons, tests and functions together
  static constexpr int loops = 8;              // selectors of several children: *, slices and [?…]
  static constexpr int pattern_size = 200;     // Pattern::size() of all patterns together
};

// A condition over an event: a logical-expr of RFC 9535 in which @ is the event. docs/filters.md tells what of the RFC
// is left out so that evaluation is linear in expression times event. Copies share the tree. Thread-safe.
class Filter {
 public:
  // Takes any bytes. Pure.
  static std::variant<Filter, SyntaxFault> parse(std::string_view text);

  // Never fails. `event` should be what exact_json() reads: with numbers that are as they were written.
  [[nodiscard]] bool matches(const boost::json::value& event) const;

 private:
  explicit Filter(std::shared_ptr<const Expression> expression) : expression_(std::move(expression)) {}
  std::shared_ptr<const Expression> expression_;
};

}  // namespace opi::filtering
