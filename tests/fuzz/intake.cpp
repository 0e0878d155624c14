#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "fuzz/api_world.hpp"
#include "fuzz/text.hpp"

namespace {

// Lines with something on them.
std::size_t lines_in(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    count += text.substr(0, end).find_first_not_of(" \t\r") != std::string_view::npos;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return count;
}

}  // namespace

// The first byte decides whether the rest is JSON or NDJSON that a producer hands in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  static fuzz::ApiWorld world;
  static const std::string producer = [] {
    const auto issued = identity::issue_token(Role::producer, *TenantId::parse("acme"), "", world.clock.unix_now(),
                                              std::nullopt, world.random);
    audit::Entry entry;
    entry.tenant = *TenantId::parse("acme");
    entry.actor_id = "fuzz";
    entry.action = audit::Action::token_issued;
    entry.target = "token:x";
    world.token_store.insert(issued.record, entry);
    return issued.text;
  }();
  if (size == 0) return 0;
  const bool lines = data[0] % 2 == 1;
  const std::string body(fuzz::text(data + 1, size - 1));
  api::RequestHead head;
  head.method = "POST";
  head.path = "/api/v1/events";
  head.authorization = "Bearer " + producer;
  head.content_type = lines ? "application/x-ndjson" : "application/json";
  const auto answer = world.ask(head, body);
  fuzz::require(answer.status < 500, "no body is too much for the intake");
  boost::json::error_code failure;
  const auto value = boost::json::parse(answer.body, failure);
  fuzz::require(!failure && value.is_object(), "every answer is JSON");
  if (answer.status != 202) return 0;
  const auto& results = value.get_object().at("results").as_array();
  fuzz::require(!lines || results.size() == lines_in(body), "each line is an event, and each event has its result");
  fuzz::require(!results.empty(), "nothing is not accepted");
  return 0;
}
