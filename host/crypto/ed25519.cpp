#include "crypto/ed25519.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <stdexcept>

#include "crypto/digest.hpp"

namespace opi::crypto {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

EVP_PKEY* raw(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::shared_ptr<void> owned(EVP_PKEY* key) {
  return {key, [](void* held) { EVP_PKEY_free(static_cast<EVP_PKEY*>(held)); }};
}

}  // namespace

Ed25519Key Ed25519Key::generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  require(key != nullptr, "making an Ed25519 key");
  return Ed25519Key{owned(key)};
}

std::optional<Ed25519Key> Ed25519Key::from_pem(std::string_view pem) {
  const Bio source{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
  require(source != nullptr, "BIO_new_mem_buf");
  // The empty passphrase: without one OpenSSL would ask the terminal for an encrypted key's.
  char none[] = "";
  EVP_PKEY* key = PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, none);
  if (key == nullptr) return std::nullopt;
  Ed25519Key made{owned(key)};
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) return std::nullopt;
  return made;
}

Ed25519Key Ed25519Key::from_seed(std::span<const std::uint8_t, 32> seed) {
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
  require(key != nullptr, "reading an Ed25519 seed");
  return Ed25519Key{owned(key)};
}

std::string Ed25519Key::to_pem() const {
  const Bio target{BIO_new(BIO_s_secmem()), &BIO_free};
  require(target != nullptr &&
              PEM_write_bio_PKCS8PrivateKey(target.get(), raw(key_), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "writing a key");
  char* text = nullptr;
  const auto length = BIO_get_mem_data(target.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

Ed25519PublicKey Ed25519Key::public_key() const {
  Ed25519PublicKey key{};
  std::size_t length = key.size();
  require(EVP_PKEY_get_raw_public_key(raw(key_), key.data(), &length) == 1 && length == key.size(),
          "reading a public key");
  return key;
}

Ed25519Signature Ed25519Key::sign(std::string_view message) const {
  const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  Ed25519Signature signature{};
  std::size_t length = signature.size();
  require(context != nullptr && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, raw(key_)) == 1 &&
              EVP_DigestSign(context.get(), signature.data(), &length, bytes(message), message.size()) == 1 &&
              length == signature.size(),
          "signing");
  return signature;
}

std::optional<Ed25519PublicKey> ed25519_public_key(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = std::min(text.find_first_not_of(blanks), text.size());
  text = text.substr(first, text.find_last_not_of(blanks) + 1 - first);
  Ed25519PublicKey key{};
  if (text.starts_with("-----BEGIN PUBLIC KEY-----")) {
    const Bio source{BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
    require(source != nullptr, "BIO_new_mem_buf");
    const auto held = owned(PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr));
    std::size_t length = key.size();
    const bool right = held != nullptr && EVP_PKEY_get_base_id(raw(held)) == EVP_PKEY_ED25519 &&
                       EVP_PKEY_get_raw_public_key(raw(held), key.data(), &length) == 1 && length == key.size();
    return right ? std::optional{key} : std::nullopt;
  }
  const auto decoded = text.size() == 2 * key.size() ? from_hex(text) : from_base64(text);
  if (!decoded || decoded->size() != key.size()) return std::nullopt;
  std::ranges::copy(*decoded, key.begin());
  return key;
}

bool verify_ed25519(const Ed25519PublicKey& key, std::string_view message, const Ed25519Signature& signature) {
  const auto held = owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  if (held == nullptr) return false;
  const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  require(context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, raw(held)) == 1,
          "verifying");
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes(message), message.size()) == 1;
}

}  // namespace opi::crypto
