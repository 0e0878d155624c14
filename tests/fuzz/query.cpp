#include <boost/json/parse.hpp>

#include "fuzz/api_world.hpp"
#include "fuzz/text.hpp"

// The input is a request target: a resource with its filters and cursor. Whatever is asked of the store then is asked
// of a real one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  static fuzz::ApiWorld world;
  api::RequestHead head;
  head.method = "GET";
  if (!fuzz::ApiWorld::read_target(std::string(fuzz::text(data, size)), head)) return 0;
  if (!head.path.starts_with("/api/v1/")) head.path = "/api/v1/deliveries";
  head.authorization = "Bearer " + world.token;
  const auto answer = world.ask(head, "");
  fuzz::require(answer.status < 500, "no question is too much for the store");
  boost::json::error_code failure;
  for (std::size_t start = 0; start < answer.body.size();) {  // an export is a document a line
    const auto end = answer.content_type == "application/x-ndjson"
                         ? std::min(answer.body.find('\n', start), answer.body.size())
                         : answer.body.size();
    const auto value = boost::json::parse({answer.body.data() + start, end - start}, failure);
    fuzz::require(!failure && value.is_object(), "every answer is JSON");
    start = end + 1;
  }
  return 0;
}
