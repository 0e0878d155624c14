#include "fuzz/text.hpp"
#include "plugins/reference_template.hpp"

// The first line is a template if it can be read as one; the rest is a reference for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto input = fuzz::text(data, size);
  const auto line = std::min(input.find('\n'), input.size());
  std::vector<std::string> problems;
  auto form = plugins::ReferenceTemplate::parse(input.substr(0, line), "template", problems);
  fuzz::require(form.has_value() == problems.empty(), "a refused template says why");
  if (!form) form = plugins::ReferenceTemplate::parse("k8s://{tenant}/{secret}/{key}/{version}", "template", problems);
  try {
    const auto read = form->read(input.substr(std::min(line + 1, input.size())), *TenantId::parse("acme"));
    fuzz::require(!read.key.empty(), "a reference names a key");
    for (const auto& segment : read.resource)
      fuzz::require(!segment.empty() && segment != "." && segment != ".." && segment.find('/') == std::string::npos &&
                        segment.find('\0') == std::string::npos,
                    "no segment leads elsewhere");
  } catch (const secrets::InvalidReference&) {
  }
  return 0;
}
