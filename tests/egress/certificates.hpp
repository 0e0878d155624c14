#pragma once
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace opi::test {

struct OpenSslDeleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, OpenSslDeleter>;

struct Certificate {
  std::unique_ptr<X509, OpenSslDeleter> certificate;
  std::unique_ptr<EVP_PKEY, OpenSslDeleter> key;
};

struct CertificateRequest {
  std::string common_name = "test";
  std::string alternative_names;                 // in OpenSSL's form, "DNS:a.test,IP:127.0.0.1"; empty: none
  long from_seconds = -3600, to_seconds = 3600;  // of validity, from now
  bool authority = false;
};

// A certificate with a fresh P-256 key, signed by `issuer`, or by itself if that is null.
Certificate make_certificate(const CertificateRequest& request, const Certificate* issuer);

// A server's context with this certificate.
SslContext server_context(const Certificate& certificate);

// Writes the certificate as PEM; the file is the caller's to remove.
void write_pem(const Certificate& certificate, const std::string& file);

}  // namespace opi::test
