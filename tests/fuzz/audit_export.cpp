#include "audit/audit_export.hpp"

#include "fuzz/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto input = fuzz::text(data, size);
  // A key whose private half nobody has: no input may pass.
  static const auto trusted = crypto::Ed25519Key::generate().public_key();
  for (const bool pinned : {false, true}) {
    audit::ExportVerifier verifier(pinned ? std::optional{trusted} : std::nullopt);
    bool holds = true;
    for (std::size_t start = 0; holds && start < input.size();) {
      const auto end = std::min(input.find('\n', start), input.size());
      holds = !verifier.line(input.substr(start, end - start));
      start = end + 1;
    }
    fuzz::require(!pinned || !holds || verifier.end(), "nothing but the trusted key's work holds");
  }
  return 0;
}
