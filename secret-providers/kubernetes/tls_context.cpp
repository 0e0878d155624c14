#include "tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <opi/plugin.hpp>
#include <string_view>

namespace opi::kubernetes {
namespace {

using sdk::Failure;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

[[noreturn]] void fail_tls(const std::string& why) {
  ::ERR_clear_error();
  throw Failure(OPI_E_FAILED, why);
}

Bio memory(std::string_view pem) { return Bio(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// An encrypted key has no one here to ask for its password.
int no_password(char*, int, int, void*) { return -1; }

void trust(SSL_CTX* context, std::string_view ca_pem) {
  const auto pem = memory(ca_pem);
  auto* const store = ::SSL_CTX_get_cert_store(context);
  int found = 0;
  while (const auto certificate = Certificate(::PEM_read_bio_X509(pem.get(), nullptr, no_password, nullptr))) {
    if (::X509_STORE_add_cert(store, certificate.get()) != 1) fail_tls("a certificate of the cluster's CA is unusable");
    ++found;
  }
  ::ERR_clear_error();  // the end of the text
  if (found == 0) fail_tls("the cluster's CA holds no certificate");
  // Clusters hand out intermediate authorities as theirs; whoever is in the file is trusted, as by kubectl.
  ::X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
}

void identify(SSL_CTX* context, const ClientIdentity& identity) {
  const auto pem = memory(identity.certificate_pem);
  const Certificate own(::PEM_read_bio_X509(pem.get(), nullptr, no_password, nullptr));
  if (!own || ::SSL_CTX_use_certificate(context, own.get()) != 1) fail_tls("the client certificate is unusable");
  while (auto* const issuer = ::PEM_read_bio_X509(pem.get(), nullptr, no_password, nullptr))
    if (::SSL_CTX_add0_chain_cert(context, issuer) != 1) {
      ::X509_free(issuer);
      fail_tls("the client certificate's chain is unusable");
    }
  ::ERR_clear_error();
  const auto key_pem = memory(identity.key_pem.view());
  const Key key(::PEM_read_bio_PrivateKey(key_pem.get(), nullptr, no_password, nullptr));
  if (!key || ::SSL_CTX_use_PrivateKey(context, key.get()) != 1 || ::SSL_CTX_check_private_key(context) != 1)
    fail_tls("the client key is unusable, or not that of the client certificate");
}

}  // namespace

TlsContext make_tls_context(const Access& access) {
  TlsContext context(::SSL_CTX_new(::TLS_client_method()));
  if (!context || ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) fail_tls("OpenSSL has no TLS");
  // What was received is wiped out of OpenSSL's own buffers as soon as it is handed over.
  ::SSL_CTX_set_options(context.get(), SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION);
  ::SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  trust(context.get(), access.ca_pem);
  if (access.identity) identify(context.get(), *access.identity);
  return context;
}

}  // namespace opi::kubernetes
