#include "delivery/operation.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <stdexcept>

#include "delivery/filter_json.hpp"

namespace opi::delivery {

namespace json = boost::json;

std::string request_text(const Operation& operation) {
  json::object request{{"filter", to_json(operation.filter)}, {"reason", operation.reason}};
  if (operation.rate_per_second) request["rate_per_second"] = *operation.rate_per_second;
  return json::serialize(request);
}

void read_request(Operation& operation, std::string_view text) {
  try {
    const auto document = json::parse({text.data(), text.size()}).as_object();
    for (const auto& member : document)
      if (member.key() != "filter" && member.key() != "reason" && member.key() != "rate_per_second")
        throw std::invalid_argument("a stored request has a member that this version does not know");
    operation.filter = filter_of(document.at("filter").as_object());
    operation.reason = json::value_to<std::string>(document.at("reason"));
    if (const auto* rate = document.if_contains("rate_per_second"))
      operation.rate_per_second = json::value_to<int>(*rate);
  } catch (const std::exception&) {
    operation.kind = OperationKind::unknown;
  }
}

}  // namespace opi::delivery
