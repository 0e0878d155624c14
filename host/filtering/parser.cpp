#include "filtering/parser.hpp"

#include "filtering/filter.hpp"

namespace opi::filtering {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::unique_ptr<const Expression> boxed(Expression expression) {
  return std::make_unique<const Expression>(std::move(expression));
}

// One operand stands for itself.
template <class Junction>
Expression joined(std::vector<Expression> operands) {
  if (operands.size() == 1) return std::move(operands.front());
  return {Junction{std::move(operands)}};
}

}  // namespace

std::variant<Expression, SyntaxFault> Parser::parse() {
  if (size_ > FilterLimits::length)
    return SyntaxFault{0, "expected at most " + std::to_string(FilterLimits::length) + " bytes"};
  blanks();
  auto expression = disjunction();
  blanks();
  if (expression && !in_.at_end()) fail("expected &&, || or the end");
  if (fault_) return *fault_;
  return *std::move(expression);
}

std::nullopt_t Parser::fail_at(std::size_t byte, std::string message) {
  if (!fault_) fault_ = SyntaxFault{in_.offset_of(byte), std::move(message)};
  return std::nullopt;
}

bool Parser::enter() {
  if (++depth_ <= FilterLimits::depth) return true;
  fail("expected at most " + std::to_string(FilterLimits::depth) + " levels of ( ), [?] and functions");
  return false;
}

void Parser::blanks() {
  while (in_.peek() == ' ' || in_.peek() == '\t' || in_.peek() == '\n' || in_.peek() == '\r') in_.skip(1);
}

bool Parser::is_one_term_more() {
  if (++terms_ <= FilterLimits::terms) return true;
  fail("expected at most " + std::to_string(FilterLimits::terms) + " comparisons, tests and functions");
  return false;
}

bool Parser::is_one_loop_more() {
  if (++loops_ <= FilterLimits::loops) return true;
  fail("expected at most " + std::to_string(FilterLimits::loops) + " selectors of several children: *, slices and [?]");
  return false;
}

std::optional<Expression> Parser::disjunction() {
  std::vector<Expression> operands;
  do {
    blanks();
    auto operand = conjunction();
    if (!operand) return std::nullopt;
    operands.push_back(*std::move(operand));
    blanks();
  } while (in_.take("||"));
  return joined<Disjunction>(std::move(operands));
}

std::optional<Expression> Parser::conjunction() {
  std::vector<Expression> operands;
  do {
    blanks();
    auto operand = basic();
    if (!operand) return std::nullopt;
    operands.push_back(*std::move(operand));
    blanks();
  } while (in_.take("&&"));
  return joined<Conjunction>(std::move(operands));
}

std::optional<Expression> Parser::basic() {
  if (in_.next_is("(")) return parenthesized();
  if (in_.next_is("!") && !in_.next_is("!=")) return negation();
  return test_or_comparison();
}

std::optional<Expression> Parser::parenthesized() {
  if (!enter()) return std::nullopt;
  in_.skip(1);
  auto inner = disjunction();
  leave();
  if (!inner) return std::nullopt;
  if (!in_.take(")")) return fail("expected &&, || or )");
  return inner;
}

std::optional<Expression> Parser::negation() {
  in_.skip(1);
  blanks();
  if (in_.next_is("(")) {
    auto inner = parenthesized();
    if (!inner) return std::nullopt;
    return Expression{Negation{boxed(*std::move(inner))}};
  }
  const auto start = in_.at();
  auto subject = operand();
  if (!subject) return std::nullopt;
  auto tested = test(*std::move(subject));
  if (!tested) return std::nullopt;
  blanks();
  if (comparator()) return fail_at(start, "expected ( after !: a comparison is negated in parentheses");
  return Expression{Negation{boxed(*std::move(tested))}};
}

std::optional<Expression> Parser::test_or_comparison() {
  const auto start = in_.at();
  auto left = operand();
  if (!left) return std::nullopt;
  const auto end = in_.at();
  blanks();
  const auto sign = comparator();
  if (!sign) {
    in_.back_to(end);
    return test(*std::move(left));
  }
  if (!is_comparable(*left, start) || !is_one_term_more()) return std::nullopt;
  blanks();
  auto right = comparable();
  if (!right) return std::nullopt;
  return Expression{Comparison{std::get<Comparable>(*std::move(left)), *sign, *std::move(right)}};
}

// What is not compared must be true or false by itself.
std::optional<Expression> Parser::test(Operand operand) {
  if (!is_one_term_more()) return std::nullopt;
  if (auto* pattern = std::get_if<PatternTest>(&operand)) return Expression{std::move(*pattern)};
  auto& term = std::get<Comparable>(operand).term;
  if (auto* query = std::get_if<Query>(&term)) return Expression{Existence{std::move(*query)}};
  if (std::holds_alternative<boost::json::value>(term))
    return fail("expected == != < <= > or >=: a literal alone is no condition");
  return fail("expected == != < <= > or >=: the function makes a value");
}

std::optional<Comparator> Parser::comparator() {
  if (in_.take("==")) return Comparator::equal;
  if (in_.take("!=")) return Comparator::not_equal;
  if (in_.take("<=")) return Comparator::less_or_equal;
  if (in_.take(">=")) return Comparator::greater_or_equal;
  if (in_.take("<")) return Comparator::less;
  if (in_.take(">")) return Comparator::greater;
  return std::nullopt;
}

std::optional<Parser::Operand> Parser::operand() {
  const char c = in_.peek();
  if (c == '@') {
    auto nodes = query();
    if (!nodes) return std::nullopt;
    return Comparable{*std::move(nodes)};
  }
  if (c == '"' || c == '\'') {
    auto text = string();
    if (!text) return std::nullopt;
    return Comparable{boost::json::value(boost::json::string(*text))};
  }
  if (is_digit(c) || c == '-') {
    auto literal = number();
    if (!literal) return std::nullopt;
    return Comparable{*std::move(literal)};
  }
  if (c >= 'a' && c <= 'z') return word();
  if (c == '$') return fail("expected @: the event is @ outside of [?], and $ is not supported");
  return fail("expected @, a literal, a function, ! or (");
}

std::optional<Parser::Operand> Parser::word() {
  const auto start = in_.at();
  while (is_name_start(in_.peek()) || is_digit(in_.peek())) in_.skip(1);
  const auto name = in_.since(start);
  if (in_.next_is("(")) return function(name, start);
  if (name == "true" || name == "false") return Comparable{boost::json::value(name == "true")};
  if (name == "null") return Comparable{boost::json::value(nullptr)};
  return fail_at(start, "expected true, false, null or a function; texts stand in quotes");
}

std::optional<Comparable> Parser::comparable() {
  const auto start = in_.at();
  auto parsed = operand();
  if (!parsed || !is_comparable(*parsed, start)) return std::nullopt;
  return std::get<Comparable>(*std::move(parsed));
}

bool Parser::is_comparable(const Operand& operand, std::size_t start) {
  const auto* comparable = std::get_if<Comparable>(&operand);
  if (comparable == nullptr) {
    fail_at(start, "expected a value: match() and search() are true or false by themselves");
    return false;
  }
  const auto* query = std::get_if<Query>(&comparable->term);
  if (query == nullptr || query->is_singular()) return true;
  fail_at(start, "expected a query for one value: without *, slice and [?]; value() takes the only one of several");
  return false;
}

std::optional<Parser::Operand> Parser::function(std::string_view name, std::size_t start) {
  const bool known = name == "length" || name == "count" || name == "value" || name == "match" || name == "search";
  if (!known) return fail_at(start, "expected one of length, count, value, match and search");
  if (!enter() || !is_one_term_more()) return std::nullopt;
  in_.skip(1);
  blanks();
  std::optional<Operand> made;
  if (name == "length") {
    if (auto argument = comparable())
      made = Comparable{Length{std::make_unique<const Comparable>(*std::move(argument))}};
  } else if (name == "count") {
    if (auto nodes = argument_query()) made = Comparable{Count{*std::move(nodes)}};
  } else if (name == "value") {
    if (auto nodes = argument_query()) made = Comparable{ValueOf{*std::move(nodes)}};
  } else {
    made = pattern_test(name == "match");
  }
  leave();
  if (!made) return std::nullopt;
  blanks();
  if (!in_.take(")")) return fail("expected )");
  return made;
}

std::optional<Query> Parser::argument_query() {
  if (!in_.next_is("@")) return fail("expected a query, which begins with @");
  return query();
}

std::optional<Parser::Operand> Parser::pattern_test(bool whole) {
  auto subject = comparable();
  if (!subject) return std::nullopt;
  blanks();
  if (!in_.take(",")) return fail("expected , and a pattern");
  blanks();
  auto compiled = pattern();
  if (!compiled) return std::nullopt;
  return PatternTest{*std::move(subject), *std::move(compiled), whole};
}

// A literal, so that it is judged when the filter is saved, and not compiled anew for each event.
std::optional<Pattern> Parser::pattern() {
  const auto start = in_.at();
  if (!in_.next_is("\"") && !in_.next_is("'")) return fail("expected a pattern in quotes");
  const auto text = string();
  if (!text) return std::nullopt;
  auto parsed = Pattern::parse(*text);
  if (const auto* fault = std::get_if<SyntaxFault>(&parsed))
    return fail_at(start, "expected an I-Regexp (RFC 9485); at offset " + std::to_string(fault->offset) +
                              " of the pattern: " + fault->message);
  auto& compiled = std::get<Pattern>(parsed);
  pattern_size_ += compiled.size();
  if (pattern_size_ > FilterLimits::pattern_size)
    return fail_at(start, "expected smaller patterns: with repetitions written out they have " +
                              std::to_string(pattern_size_) + " characters and classes, of " +
                              std::to_string(FilterLimits::pattern_size) + " at most");
  return std::move(compiled);
}

}  // namespace opi::filtering
