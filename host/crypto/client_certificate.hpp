#pragma once
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>

namespace opi::crypto {

// What a TLS client shows of itself: its certificate, the certificates above it, and the private key, whose bytes stay
// inside OpenSSL, which wipes them. Immutable, thread-safe.
class ClientCertificate {
 public:
  static constexpr std::size_t max_certificates = 10;

  // Reads PEM text: the client's certificate first, those above it behind it, and anywhere the private key of the
  // first, unencrypted. What is wrong, without repeating any of it, if that is not what stands there.
  static std::variant<std::shared_ptr<const ClientCertificate>, std::string> from_pem(
      std::span<const std::uint8_t> pem);

  ClientCertificate(const ClientCertificate&) = delete;
  ClientCertificate& operator=(const ClientCertificate&) = delete;

  // SHA-256 of the certificates in hex: the same for the same ones.
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  // For OpenSSL's functions, which take them without const and count references; valid while this lives.
  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  [[nodiscard]] STACK_OF(X509) * chain() const { return chain_.get(); }

 private:
  struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
  };
  ClientCertificate() = default;

  std::unique_ptr<X509, Free> certificate_;
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<STACK_OF(X509), Free> chain_;
  std::string fingerprint_;
};

}  // namespace opi::crypto
