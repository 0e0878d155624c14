#pragma once
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "crypto/digest.hpp"

namespace opi::test {

// An identity provider's key pair. Signs whatever it is given, as an attacker's tool does.
class JwtMaker final {
 public:
  enum class Kind { rsa2048, rsa1024, p256, p384 };
  explicit JwtMaker(Kind kind) : kind_(kind), key_(make(kind), &EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("no key");
  }

  [[nodiscard]] std::string public_pem() const {
    return pem([this](BIO* out) { return PEM_write_bio_PUBKEY(out, key_.get()); });
  }
  [[nodiscard]] std::string private_pem() const {
    return pem(
        [this](BIO* out) { return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  // A member of the key in base64url, for a JWK: "n", "e", "x", "y".
  [[nodiscard]] std::string number(const char* openssl_name, int bytes = 0) const {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key_.get(), openssl_name, &value) != 1) throw std::runtime_error("no such number");
    std::vector<std::uint8_t> raw(static_cast<std::size_t>(bytes == 0 ? BN_num_bytes(value) : bytes));
    BN_bn2binpad(value, raw.data(), static_cast<int>(raw.size()));
    BN_free(value);
    return crypto::to_base64url(raw);
  }

  [[nodiscard]] std::string token(const std::string& header, const std::string& claims) const {
    const std::string signed_part = encode(header) + "." + encode(claims);
    return signed_part + "." + crypto::to_base64url(sign(signed_part));
  }
  [[nodiscard]] static std::string encode(const std::string& text) {
    return crypto::to_base64url({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

 private:
  using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

  static EVP_PKEY* make(Kind kind) {
    if (kind == Kind::p256) return EVP_EC_gen("P-256");
    if (kind == Kind::p384) return EVP_EC_gen("P-384");
    return EVP_RSA_gen(kind == Kind::rsa2048 ? 2048U : 1024U);
  }
  template <class Write>
  static std::string pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    write(out.get());
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(length)};
  }
  [[nodiscard]] std::vector<std::uint8_t> sign(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::vector<std::uint8_t> signature(1024);
    std::size_t length = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &length, reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) != 1)
      throw std::runtime_error("cannot sign");
    signature.resize(length);
    return kind_ == Kind::p256 ? raw(signature) : signature;
  }
  // From DER to the two numbers of RFC 7518, 3.4.
  static std::vector<std::uint8_t> raw(const std::vector<std::uint8_t>& der) {
    const unsigned char* at = der.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parsed(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
    std::vector<std::uint8_t> both(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), both.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), both.data() + 32, 32);
    return both;
  }

  const Kind kind_;
  const KeyPointer key_;
};

}  // namespace opi::test
