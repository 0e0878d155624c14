#include "plugins/config_schema.hpp"

#include <boost/json/parse.hpp>

#include "fuzz/text.hpp"

// The first line is a schema, the rest a configuration for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto input = fuzz::text(data, size);
  const auto line = std::min(input.find('\n'), input.size());
  boost::json::error_code failure;
  const auto schema = boost::json::parse({input.data(), line}, failure);
  if (failure) return 0;
  std::vector<std::string> problems;
  const auto read = plugins::ConfigSchema::parse(schema, "schema", problems);
  const auto faults = read.check(input.substr(std::min(line + 1, input.size())));
  fuzz::require(faults.size() <= plugins::ConfigSchema::max_faults, "faults are bounded");
  return 0;
}
