#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "filtering/pattern.hpp"

// The checked tree of a logical-expr of RFC 9535: what stands here is well-typed.
namespace opi::filtering {

struct Expression;

struct NameSelector {
  std::string name;
};
struct IndexSelector {
  std::int64_t index;  // from the end if negative
};
struct WildcardSelector {};
struct SliceSelector {
  std::optional<std::int64_t> start, end;
  std::int64_t step = 1;
};
struct FilterSelector {
  std::unique_ptr<const Expression> condition;
};

// Goes one level down, by one selector.
using Segment = std::variant<NameSelector, IndexSelector, WildcardSelector, SliceSelector, FilterSelector>;

// Selects nodes below @; without segments, @ itself.
struct Query {
  std::vector<Segment> segments;

  // At most one node, whatever it is asked of.
  [[nodiscard]] bool is_singular() const {
    for (const auto& segment : segments)
      if (!std::holds_alternative<NameSelector>(segment) && !std::holds_alternative<IndexSelector>(segment))
        return false;
    return true;
  }
};

// What can be compared (the RFC's ValueType): a literal, a singular query, or what a function makes.
struct Comparable;
struct Length {
  std::unique_ptr<const Comparable> argument;
};
struct Count {
  Query nodes;
};
struct ValueOf {
  Query nodes;
};
struct Comparable {
  std::variant<boost::json::value, Query, Length, Count, ValueOf> term;
};

enum class Comparator { equal, not_equal, less, less_or_equal, greater, greater_or_equal };

struct Comparison {
  Comparable left;
  Comparator comparator;
  Comparable right;
};
// Whether the query selects anything.
struct Existence {
  Query nodes;
};
// match() and search().
struct PatternTest {
  Comparable subject;
  Pattern pattern;
  bool whole;
};
struct Negation {
  std::unique_ptr<const Expression> operand;
};
struct Conjunction {
  std::vector<Expression> operands;
};
struct Disjunction {
  std::vector<Expression> operands;
};

struct Expression {
  std::variant<Comparison, Existence, PatternTest, Negation, Conjunction, Disjunction> node;
};

}  // namespace opi::filtering
