#pragma once
#include <optional>
#include <string>
#include <variant>

#include "filtering/characters.hpp"
#include "filtering/expression.hpp"
#include "filtering/syntax_fault.hpp"

namespace opi::filtering {

// Reads one logical-expr by recursive descent and checks its types on the way. The first fault ends it: after one,
// every function answers nullopt or false.
class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text), size_(text.size()) {}
  std::variant<Expression, SyntaxFault> parse();

 private:
  // What stands where a test or one side of a comparison is expected.
  using Operand = std::variant<Comparable, PatternTest>;

  std::optional<Expression> disjunction();
  std::optional<Expression> conjunction();
  std::optional<Expression> basic();
  std::optional<Expression> parenthesized();
  std::optional<Expression> negation();
  std::optional<Expression> test_or_comparison();
  std::optional<Expression> test(Operand operand);
  std::optional<Comparator> comparator();

  std::optional<Operand> operand();
  std::optional<Operand> word();  // a function, or true, false, null
  std::optional<Operand> function(std::string_view name, std::size_t start);
  std::optional<Operand> pattern_test(bool whole);
  std::optional<Comparable> comparable();
  bool is_comparable(const Operand& operand, std::size_t start);
  std::optional<Query> argument_query();
  std::optional<Pattern> pattern();

  std::optional<Query> query();
  std::optional<Segment> dot_segment();
  std::optional<Segment> bracket_segment();
  std::optional<Segment> selector();
  std::optional<Segment> filter_selector();
  std::optional<Segment> index_or_slice();
  std::optional<std::int64_t> integer();

  std::optional<boost::json::value> number();
  std::optional<std::string> string();
  bool escape(char quote, std::string& into);
  std::optional<unsigned> code_unit();

  void blanks();
  bool enter();  // one level deeper; false if that is too deep
  void leave() { --depth_; }
  bool is_one_term_more();
  bool is_one_loop_more();
  std::nullopt_t fail(std::string message) { return fail_at(in_.at(), std::move(message)); }
  std::nullopt_t fail_at(std::size_t byte, std::string message);

  Characters in_;
  const std::size_t size_;
  int depth_ = 0, terms_ = 0, loops_ = 0, pattern_size_ = 0;
  std::optional<SyntaxFault> fault_;
};

}  // namespace opi::filtering
