#include "plugins/seal.hpp"

#include "crypto/digest.hpp"

namespace opi::plugins {

bool has_broken_seal(std::string_view bytes) {
  constexpr std::string_view mark = "OPI-SEAL1:";
  constexpr std::size_t digest_characters = 64;
  if (bytes.size() < mark.size() + digest_characters) return false;
  const auto seal = bytes.substr(bytes.size() - mark.size() - digest_characters);
  if (!seal.starts_with(mark)) return false;
  return seal.substr(mark.size()) != crypto::to_hex(crypto::sha256(bytes.substr(0, bytes.size() - seal.size())));
}

}  // namespace opi::plugins
