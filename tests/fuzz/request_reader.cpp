#include "api/request_reader.hpp"

#include <string>
#include <vector>

#include "fuzz/text.hpp"

namespace {

using namespace opi;

constexpr std::size_t limit = 20'000;

// All that is made of a stream in pieces of one size.
std::vector<std::string> read(std::string_view stream, std::size_t piece) {
  std::vector<std::string> found;
  api::RequestReader reader;
  const auto go_on = [&](std::optional<api::Problem> problem) {
    using Stage = api::RequestReader::Stage;
    while (!problem && (reader.stage() == Stage::decision || reader.stage() == Stage::whole)) {
      if (reader.stage() == Stage::decision) {
        problem = api::judge_body(reader.framing(), limit);
        if (!problem) problem = reader.admit(limit);
        continue;
      }
      auto body = reader.take_body();
      fuzz::require(body.size() <= limit || !reader.framing().chunked, "a body is within its limit");
      fuzz::require(reader.framing().chunked || body.size() == reader.framing().length,
                    "a body is as long as was told");
      found.push_back(reader.head() + body);
      problem = reader.next();
    }
    if (problem) found.push_back("! " + std::to_string(problem->status) + " " + problem->detail);
    return !problem;
  };
  for (std::size_t at = 0; at < stream.size(); at += piece)
    if (!go_on(reader.feed(stream.substr(at, piece)))) return found;
  if (const auto problem = reader.ended()) found.push_back("! " + problem->detail);
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::text(data, size);
  const auto whole = read(input, std::max<std::size_t>(input.size(), 1));
  for (const std::size_t piece : {1, 2, 3, 7, 64})
    fuzz::require(read(input, piece) == whole, "what a stream says does not depend on how its bytes came");
  return 0;
}
