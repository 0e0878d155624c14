#include "crypto/public_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <memory>
#include <vector>

namespace opi::crypto {
namespace {

constexpr int least_rsa_bits = 2048;  // NIST SP 800-57: 112 bits of strength
constexpr int most_rsa_bits = 8192;   // a larger one only costs time
constexpr std::size_t coordinate_bytes = 32;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using BuiltParameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

std::optional<KeyKind> kind_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    return bits >= least_rsa_bits && bits <= most_rsa_bits ? std::optional{KeyKind::rsa} : std::nullopt;
  }
  char group[64] = {};
  if (EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
      std::string_view(group) == "prime256v1")
    return KeyKind::ec_p256;
  return std::nullopt;
}

std::optional<PublicKey> checked(Key key) {
  if (!key) return std::nullopt;
  const auto kind = kind_of(key.get());
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  const Bio out(BIO_new(BIO_s_mem()));
  if (!kind || !context || EVP_PKEY_public_check(context.get()) != 1 || !out ||
      PEM_write_bio_PUBKEY(out.get(), key.get()) != 1)
    return std::nullopt;
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return PublicKey{*kind, std::string(text, static_cast<std::size_t>(length))};
}

std::optional<PublicKey> build(const char* type, OSSL_PARAM_BLD* builder) {
  const BuiltParameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return std::nullopt;
  return checked(Key(made));
}

}  // namespace

std::optional<PublicKey> public_key_from_pem(std::string_view pem) {
  const Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return in ? checked(Key(PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr))) : std::nullopt;
}

std::optional<PublicKey> rsa_public_key(std::span<const std::uint8_t> modulus, std::span<const std::uint8_t> exponent) {
  const Number n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const Number e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return std::nullopt;
  return build("RSA", builder.get());
}

std::optional<PublicKey> ec_p256_public_key(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y) {
  if (x.size() != coordinate_bytes || y.size() != coordinate_bytes) return std::nullopt;
  std::vector<std::uint8_t> point{POINT_CONVERSION_UNCOMPRESSED};
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
    return std::nullopt;
  return build("EC", builder.get());
}

}  // namespace opi::crypto
