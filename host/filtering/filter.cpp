#include "filtering/filter.hpp"

#include <limits>

#include "filtering/evaluate.hpp"
#include "filtering/parser.hpp"

namespace opi::filtering {

std::variant<Filter, SyntaxFault> Filter::parse(std::string_view text) {
  auto parsed = Parser(text).parse();
  if (auto* fault = std::get_if<SyntaxFault>(&parsed)) return std::move(*fault);
  return Filter(std::make_shared<const Expression>(std::get<Expression>(std::move(parsed))));
}

std::optional<bool> Filter::matches(const boost::json::value& event, Effort& effort) const {
  const bool holds = evaluate(*expression_, event, effort);
  return effort.spent() ? std::nullopt : std::optional{holds};
}

bool Filter::matches(const boost::json::value& event) const {
  Effort effort{std::numeric_limits<std::int64_t>::max()};
  return evaluate(*expression_, event, effort);
}

}  // namespace opi::filtering
