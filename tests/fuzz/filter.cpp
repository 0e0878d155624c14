#include "filtering/filter.hpp"

#include "filtering/exact_json.hpp"
#include "fuzz/text.hpp"

// The first line is an expression; the rest is an event for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto input = fuzz::text(data, size);
  const auto line = std::min(input.find('\n'), input.size());
  const auto expression = input.substr(0, line);
  const auto parsed = filtering::Filter::parse(expression);
  if (const auto* fault = std::get_if<filtering::SyntaxFault>(&parsed)) {
    fuzz::require(fault->offset <= expression.size(), "the place of a fault is one of the text");
    fuzz::require(!fault->message.empty(), "a refusal says why");
    return 0;
  }
  fuzz::require(expression.size() <= filtering::FilterLimits::length, "an expression is within its limit");
  const auto event = filtering::exact_json(input.substr(std::min(line + 1, input.size())));
  if (!event) return 0;
  const bool holds = std::get<filtering::Filter>(parsed).matches(*event);
  if (expression.size() + 3 > filtering::FilterLimits::length) return 0;
  const auto negated = filtering::Filter::parse("!(" + std::string(expression) + ")");
  if (const auto* filter = std::get_if<filtering::Filter>(&negated))  // it may be too deep now
    fuzz::require(filter->matches(*event) != holds, "what is negated holds where the other does not");
  return 0;
}
