#include "domain/redaction.hpp"

#include "fuzz/text.hpp"
#include "fuzz/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto input = fuzz::text(data, size);
  for (const std::size_t limit : {summary_characters, std::size_t{24}}) {
    const auto shown = redact(input, limit);
    const auto length = fuzz::characters(shown);
    fuzz::require(length.has_value(), "what is shown is valid UTF-8");
    fuzz::require(*length <= limit, "what is shown is within its limit");
    fuzz::require(shown.find_first_of(std::string_view{"\0\r\n\x7f", 4}) == std::string::npos, "it stands on one line");
    fuzz::require(redact(shown, limit) == shown, "what was redacted once stays as it is");
  }
  return 0;
}
