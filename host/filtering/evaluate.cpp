#include "filtering/evaluate.hpp"

#include <algorithm>
#include <span>

#include "filtering/number.hpp"

namespace opi::filtering {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

bool equal(const json::value& left, const json::value& right);

bool equal(const json::array& left, const json::array& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const json::value& a, const json::value& b) { return equal(a, b); });
}

bool equal(const json::object& left, const json::object& right) {
  return left.size() == right.size() && std::all_of(left.begin(), left.end(), [&](const auto& member) {
           const auto* other = right.if_contains(member.key());
           return other != nullptr && equal(member.value(), *other);
         });
}

bool equal(const json::value& left, const json::value& right) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right) == 0;
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case json::kind::string: return view(left.get_string()) == view(right.get_string());
    case json::kind::bool_: return left.get_bool() == right.get_bool();
    case json::kind::array: return equal(left.get_array(), right.get_array());
    case json::kind::object: return equal(left.get_object(), right.get_object());
    default: return true;  // null
  }
}

// Of numbers and strings; the bytes of UTF-8 have the order of the code points.
bool less(const json::value& left, const json::value& right) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right) < 0;
  return left.is_string() && right.is_string() && view(left.get_string()) < view(right.get_string());
}

// nullptr is a missing value, which equals another missing one only.
bool equal(const json::value* left, const json::value* right) {
  return left == nullptr || right == nullptr ? left == right : equal(*left, *right);
}
bool less(const json::value* left, const json::value* right) {
  return left != nullptr && right != nullptr && less(*left, *right);
}

bool holds(const json::value* left, Comparator comparator, const json::value* right) {
  switch (comparator) {
    case Comparator::equal: return equal(left, right);
    case Comparator::not_equal: return !equal(left, right);
    case Comparator::less: return less(left, right);
    case Comparator::greater: return less(right, left);
    case Comparator::less_or_equal: return less(left, right) || equal(left, right);
    case Comparator::greater_or_equal: return less(right, left) || equal(left, right);
  }
  return false;
}

template <class Visit>
bool each_node(std::span<const Segment> segments, const json::value& node, Visit& visit);

// Calls `visit(child)` for what a selector selects of a node, until it answers false; answers that.
template <class Visit>
class Selection {
 public:
  Selection(const json::value& node, Visit visit) : node_(node), visit_(visit) {}

  bool operator()(const NameSelector& selector) {
    const auto* object = node_.if_object();
    const auto* child = object == nullptr ? nullptr : object->if_contains(selector.name);
    return child == nullptr || visit_(*child);
  }
  bool operator()(const IndexSelector& selector) {
    const auto* array = node_.if_array();
    if (array == nullptr) return true;
    const auto size = static_cast<std::int64_t>(array->size());
    const auto at = selector.index < 0 ? size + selector.index : selector.index;
    return at < 0 || at >= size || visit_((*array)[static_cast<std::size_t>(at)]);
  }
  bool operator()(const WildcardSelector&) {
    return each_child([&](const json::value& child) { return visit_(child); });
  }
  bool operator()(const FilterSelector& selector) {
    return each_child([&](const json::value& child) { return !evaluate(*selector.condition, child) || visit_(child); });
  }
  // The bounds are those of RFC 9535, 2.3.4.2.2.
  bool operator()(const SliceSelector& slice) {
    const auto* array = node_.if_array();
    if (array == nullptr || slice.step == 0) return true;
    const auto size = static_cast<std::int64_t>(array->size());
    const auto from_start = [&](std::int64_t index) { return index < 0 ? size + index : index; };
    const bool up = slice.step > 0;
    const auto least = up ? std::int64_t{0} : std::int64_t{-1};
    const auto most = up ? size : size - 1;
    const auto first = slice.start ? std::clamp(from_start(*slice.start), least, most) : (up ? 0 : size - 1);
    const auto end = slice.end ? std::clamp(from_start(*slice.end), least, most) : (up ? size : -1);
    for (auto at = first; up ? at < end : at > end; at += slice.step)
      if (!visit_((*array)[static_cast<std::size_t>(at)])) return false;
    return true;
  }

 private:
  template <class Each>
  bool each_child(Each each) {
    if (const auto* array = node_.if_array()) return std::all_of(array->begin(), array->end(), each);
    const auto* object = node_.if_object();
    return object == nullptr ||
           std::all_of(object->begin(), object->end(), [&](const auto& member) { return each(member.value()); });
  }

  const json::value& node_;
  Visit visit_;
};

template <class Visit>
bool each_node(std::span<const Segment> segments, const json::value& node, Visit& visit) {
  if (segments.empty()) return visit(node);
  const auto below = [&](const json::value& child) { return each_node(segments.subspan(1), child, visit); };
  return std::visit(Selection{node, below}, segments.front());
}

bool exists(const Query& query, const json::value& current) {
  auto stop = [](const json::value&) { return false; };
  return !each_node(std::span<const Segment>{query.segments}, current, stop);
}

std::int64_t count(const Query& query, const json::value& current) {
  std::int64_t nodes = 0;
  auto add = [&](const json::value&) {
    ++nodes;
    return true;
  };
  each_node(std::span<const Segment>{query.segments}, current, add);
  return nodes;
}

// The one node that is selected; nullptr if there is none or there are several.
const json::value* only_node(const Query& query, const json::value& current) {
  const json::value* only = nullptr;
  auto take = [&](const json::value& node) {
    const bool first = only == nullptr;
    only = first ? &node : nullptr;
    return first;
  };
  each_node(std::span<const Segment>{query.segments}, current, take);
  return only;
}

std::int64_t characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

std::optional<std::int64_t> length(const json::value& value) {
  if (const auto* text = value.if_string()) return characters(view(*text));
  if (const auto* array = value.if_array()) return static_cast<std::int64_t>(array->size());
  if (const auto* object = value.if_object()) return static_cast<std::int64_t>(object->size());
  return std::nullopt;
}

// What a comparable comes to; nullptr if it is missing. `made` holds what a function makes.
const json::value* value_of(const Comparable& comparable, const json::value& current, json::value& made) {
  struct Visitor {
    const json::value& current;
    json::value& made;

    const json::value* operator()(const json::value& literal) { return &literal; }
    const json::value* operator()(const Query& query) { return only_node(query, current); }
    const json::value* operator()(const ValueOf& function) { return only_node(function.nodes, current); }
    const json::value* operator()(const Count& function) {
      made = count(function.nodes, current);
      return &made;
    }
    const json::value* operator()(const Length& function) {
      const auto* argument = value_of(*function.argument, current, made);
      const auto size = argument == nullptr ? std::nullopt : length(*argument);
      if (!size) return nullptr;
      made = *size;
      return &made;
    }
  };
  return std::visit(Visitor{current, made}, comparable.term);
}

struct Evaluation {
  const json::value& current;

  bool operator()(const Comparison& comparison) {
    json::value left, right;
    return holds(value_of(comparison.left, current, left), comparison.comparator,
                 value_of(comparison.right, current, right));
  }
  bool operator()(const Existence& existence) { return exists(existence.nodes, current); }
  bool operator()(const PatternTest& test) {
    json::value made;
    const auto* subject = value_of(test.subject, current, made);
    if (subject == nullptr || !subject->is_string()) return false;
    const auto text = view(subject->get_string());
    return test.whole ? test.pattern.matches(text) : test.pattern.found_in(text);
  }
  bool operator()(const Negation& negation) { return !evaluate(*negation.operand, current); }
  bool operator()(const Conjunction& all) {
    return std::ranges::all_of(all.operands, [&](const Expression& each) { return evaluate(each, current); });
  }
  bool operator()(const Disjunction& any) {
    return std::ranges::any_of(any.operands, [&](const Expression& each) { return evaluate(each, current); });
  }
};

}  // namespace

bool evaluate(const Expression& expression, const json::value& current) {
  return std::visit(Evaluation{current}, expression.node);
}

}  // namespace opi::filtering
