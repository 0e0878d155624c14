// Answers each line of standard input, {"filter": text, "event": JSON text}, with what our filters make of it:
// {"holds": flag}, or the fault of the filter.
#include <boost/json.hpp>
#include <iostream>

#include "filtering/exact_json.hpp"
#include "filtering/filter.hpp"

int main() {
  namespace json = boost::json;
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = json::parse(line);
    const auto parsed = opi::filtering::Filter::parse(json::value_to<std::string>(asked.at("filter")));
    json::object answer;
    if (const auto* fault = std::get_if<opi::filtering::SyntaxFault>(&parsed))
      answer = {{"offset", fault->offset}, {"fault", fault->message}};
    else
      answer["holds"] = std::get<opi::filtering::Filter>(parsed).matches(
          opi::filtering::exact_json(json::value_to<std::string>(asked.at("event"))).value());
    std::cout << json::serialize(answer) << std::endl;
  }
}
