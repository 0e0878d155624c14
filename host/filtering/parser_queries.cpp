#include "filtering/filter.hpp"
#include "filtering/parser.hpp"

namespace opi::filtering {
namespace {

constexpr std::int64_t largest_integer = (std::int64_t{1} << 53) - 1;  // of I-JSON, as the RFC asks of an index

bool begins_name(std::string_view character) {
  const char c = character.empty() ? '\0' : character.front();
  return character.size() > 1 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

std::optional<Query> Parser::query() {
  in_.skip(1);  // the @
  Query nodes;
  for (;;) {
    const auto end = in_.at();
    blanks();
    std::optional<Segment> segment;
    if (in_.next_is(".")) {
      segment = dot_segment();
    } else if (in_.next_is("[")) {
      segment = bracket_segment();
    } else {
      in_.back_to(end);
      return nodes;
    }
    if (!segment) return std::nullopt;
    nodes.segments.push_back(*std::move(segment));
  }
}

std::optional<Segment> Parser::dot_segment() {
  if (in_.next_is("..")) return fail("expected one dot: .. is not supported");
  in_.skip(1);
  if (in_.next_is("*")) {
    if (!is_one_loop_more()) return std::nullopt;
    in_.skip(1);
    return WildcardSelector{};
  }
  const auto start = in_.at();
  if (!begins_name(in_.character()))
    return fail("expected a name of letters, digits and _, or *; other names stand in brackets and quotes: ['a-b']");
  while (begins_name(in_.character()) || is_digit(in_.peek())) in_.skip(in_.character().size());
  return NameSelector{std::string(in_.since(start))};
}

std::optional<Segment> Parser::bracket_segment() {
  in_.skip(1);
  blanks();
  auto selected = selector();
  if (!selected) return std::nullopt;
  blanks();
  if (in_.next_is(",")) return fail("expected ]: several selectors in one bracket are not supported");
  if (!in_.take("]")) return fail("expected ]");
  return selected;
}

std::optional<Segment> Parser::selector() {
  if (in_.next_is("'") || in_.next_is("\"")) {
    auto name = string();
    if (!name) return std::nullopt;
    return NameSelector{*std::move(name)};
  }
  if (in_.next_is("*")) {
    if (!is_one_loop_more()) return std::nullopt;
    in_.skip(1);
    return WildcardSelector{};
  }
  if (in_.next_is("?")) return filter_selector();
  if (in_.next_is(":") || in_.next_is("-") || is_digit(in_.peek())) return index_or_slice();
  return fail("expected a name in quotes, an index, a slice, * or ?");
}

std::optional<Segment> Parser::filter_selector() {
  if (!enter() || !is_one_loop_more()) return std::nullopt;
  in_.skip(1);
  auto condition = disjunction();
  leave();
  if (!condition) return std::nullopt;
  return FilterSelector{std::make_unique<const Expression>(*std::move(condition))};
}

std::optional<Segment> Parser::index_or_slice() {
  SliceSelector slice;
  if (!in_.next_is(":")) {
    slice.start = integer();
    if (!slice.start) return std::nullopt;
  }
  const auto end = in_.at();
  blanks();
  if (!in_.take(":")) {
    in_.back_to(end);
    return IndexSelector{*slice.start};
  }
  if (!is_one_loop_more()) return std::nullopt;
  const auto number_follows = [&] {
    blanks();
    return in_.next_is("-") || is_digit(in_.peek());
  };
  if (number_follows()) {
    slice.end = integer();
    if (!slice.end) return std::nullopt;
    blanks();
  }
  if (in_.take(":") && number_follows()) {
    const auto step = integer();
    if (!step) return std::nullopt;
    slice.step = *step;
  }
  return slice;
}

std::optional<std::int64_t> Parser::integer() {
  const auto start = in_.at();
  const bool negative = in_.take("-");
  const bool zero = in_.next_is("0");
  std::int64_t value = 0;
  bool any = false;
  for (; is_digit(in_.peek()) && value <= largest_integer; in_.skip(1), any = true)
    value = value * 10 + (in_.peek() - '0');
  if (!any) return fail("expected a digit");
  if (zero && (negative || in_.at() - start > 1))
    return fail_at(start, "expected a whole number without leading zeros");
  if (value > largest_integer) return fail_at(start, "expected a whole number of at most 9007199254740991");
  return negative ? -value : value;
}

}  // namespace opi::filtering
