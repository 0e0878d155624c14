#include "crypto/client_certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <new>

#include "crypto/digest.hpp"

namespace opi::crypto {
namespace {

// OpenSSL's queue of errors is the thread's: what stays in it is taken for a later call's.
struct ErrorsCleared {
  ErrorsCleared() = default;
  ErrorsCleared(const ErrorsCleared&) = delete;
  ErrorsCleared& operator=(const ErrorsCleared&) = delete;
  ~ErrorsCleared() { ERR_clear_error(); }
};

struct PemSource {
  explicit PemSource(std::span<const std::uint8_t> pem)
      : bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))) {
    if (bio == nullptr) throw std::bad_alloc();
  }
  PemSource(const PemSource&) = delete;
  PemSource& operator=(const PemSource&) = delete;
  ~PemSource() { BIO_free(bio); }
  BIO* const bio;
};

std::string der_of(X509* certificate) {
  std::string der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate, &at);
  return der;
}

bool came_to_the_end() { return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE; }

}  // namespace

std::variant<std::shared_ptr<const ClientCertificate>, std::string> ClientCertificate::from_pem(
    std::span<const std::uint8_t> pem) {
  const ErrorsCleared afterwards;
  const std::shared_ptr<ClientCertificate> made(new ClientCertificate);
  made->chain_.reset(sk_X509_new_null());
  if (!made->chain_) throw std::bad_alloc();
  std::string ders;
  const PemSource certificates(pem);
  for (std::size_t count = 0;; ++count) {
    std::unique_ptr<X509, Free> one(PEM_read_bio_X509(certificates.bio, nullptr, nullptr, nullptr));
    if (!one && !came_to_the_end()) return "it holds a malformed certificate";
    if (!one) break;
    if (count == max_certificates) return "it holds more than " + std::to_string(max_certificates) + " certificates";
    ders += der_of(one.get());
    if (!made->certificate_)
      made->certificate_ = std::move(one);
    else if (sk_X509_push(made->chain_.get(), one.get()) > 0)
      (void)one.release();  // the chain's now
    else
      throw std::bad_alloc();
  }
  if (!made->certificate_) return "it holds no certificate in PEM";
  const PemSource keys(pem);
  // The empty passphrase: without one OpenSSL would ask the terminal for an encrypted key's.
  char none[] = "";
  made->key_.reset(PEM_read_bio_PrivateKey(keys.bio, nullptr, nullptr, none));
  if (!made->key_) return "it holds no unencrypted private key in PEM";
  if (X509_check_private_key(made->certificate_.get(), made->key_.get()) != 1)
    return "its private key is not that of its first certificate";
  made->fingerprint_ = to_hex(sha256(ders));
  return made;
}

}  // namespace opi::crypto
