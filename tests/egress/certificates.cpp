#include "egress/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace opi::test {
namespace {

void must(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL failed while a test certificate was made");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr);
  must(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Certificate make_certificate(const CertificateRequest& request, const Certificate* issuer) {
  static long serial = 1;
  Certificate made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  must(made.key && made.certificate);
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), request.from_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), request.to_seconds);
  must(X509_set_pubkey(certificate, made.key.get()) == 1);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0);
  X509* signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  must(X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1);
  add_extension(certificate, signer, NID_basic_constraints, request.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!request.alternative_names.empty())
    add_extension(certificate, signer, NID_subject_alt_name, request.alternative_names);
  must(X509_sign(certificate, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256()) > 0);
  return made;
}

SslContext server_context(const Certificate& certificate) {
  SslContext context{SSL_CTX_new(TLS_server_method())};
  must(context != nullptr);
  must(SSL_CTX_use_certificate(context.get(), certificate.certificate.get()) == 1);
  must(SSL_CTX_use_PrivateKey(context.get(), certificate.key.get()) == 1);
  return context;
}

void write_pem(const Certificate& certificate, const std::string& file) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  must(out != nullptr);
  const bool written = PEM_write_X509(out, certificate.certificate.get()) == 1;
  must(std::fclose(out) == 0 && written);
}

}  // namespace opi::test
