#include "filtering/filter.hpp"

#include "filtering/evaluate.hpp"
#include "filtering/parser.hpp"

namespace opi::filtering {

std::variant<Filter, SyntaxFault> Filter::parse(std::string_view text) {
  auto parsed = Parser(text).parse();
  if (auto* fault = std::get_if<SyntaxFault>(&parsed)) return std::move(*fault);
  return Filter(std::make_shared<const Expression>(std::get<Expression>(std::move(parsed))));
}

bool Filter::matches(const boost::json::value& event) const { return evaluate(*expression_, event); }

}  // namespace opi::filtering
