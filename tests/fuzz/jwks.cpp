#include <stdexcept>

#include "fuzz/text.hpp"
#include "identity/jwt_keys.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  try {
    const auto keys = identity::keys_of_jwks(fuzz::text(data, size));
    fuzz::require(!keys.empty() && keys.size() <= identity::JwtKeyLimits::keys, "there are keys, within their limit");
    for (const auto& key : keys) {
      fuzz::require(key.id().size() <= identity::JwtKeyLimits::id_bytes, "a key's id is within its limit");
      fuzz::require(!key.verifies("eyJhbGciOiJub25lIn0.e30."), "no key takes an unsigned token");
    }
  } catch (const std::runtime_error& refused) {
    fuzz::require(*refused.what() != '\0', "a refusal says why");
  }
  return 0;
}
