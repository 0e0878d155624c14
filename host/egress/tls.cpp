#include "egress/tls.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

namespace opi::egress {
namespace {

// Where a connection keeps the pointer to its origin's session.
int session_slot() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* kept = static_cast<TlsSession*>(SSL_get_ex_data(ssl, session_slot()));
  if (kept == nullptr) return 0;  // not taken: OpenSSL frees it
  kept->reset(session);
  return 1;
}

}  // namespace

TlsContext::TlsContext(const Options& options) : context_(boost::asio::ssl::context::tls_client) {
  SSL_CTX* native = context_.native_handle();
  if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1) throw std::runtime_error("TLS 1.2 is not available");
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(native, keep_session);
  static constexpr std::array<unsigned char, 9> alpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  if (SSL_CTX_set_alpn_protos(native, alpn.data(), alpn.size()) != 0) throw std::runtime_error("ALPN is not available");
  if (options.trust_system) context_.set_default_verify_paths();
  if (!options.ca_file.empty()) {
    boost::system::error_code error;
    context_.load_verify_file(options.ca_file, error);
    if (error)
      throw std::runtime_error("cannot read certificate authorities from " + options.ca_file + ": " + error.message());
  }
}

void TlsContext::prepare(SSL* ssl, const Url& url, TlsSession& session) {
  bool ok = true;
  if (url.literal) {
    ok = X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), url.literal->bytes.data(), url.literal->v6 ? 16 : 4) == 1;
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    ok = SSL_set1_host(ssl, url.host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, url.host.c_str()) == 1;
  }
  // Only lack of memory gets here: going on would skip the verification of the name.
  if (!ok) throw std::bad_alloc();
  if (session && SSL_SESSION_is_resumable(session.get()) == 1) SSL_set_session(ssl, session.get());
  SSL_set_ex_data(ssl, session_slot(), &session);
}

bool TlsContext::show(SSL* ssl, const crypto::ClientCertificate& certificate) {
  constexpr int override_what_is_set = 1;
  const bool shown = SSL_use_cert_and_key(ssl, certificate.certificate(), certificate.key(), certificate.chain(),
                                          override_what_is_set) == 1;
  if (!shown) ERR_clear_error();
  return shown;
}

std::string TlsContext::describe_failure(SSL* ssl, const boost::system::error_code& error) {
  const long verification = SSL_get_verify_result(ssl);
  if (verification != X509_V_OK)
    return std::string{"the certificate was not accepted: "} + X509_verify_cert_error_string(verification);
  return error.message();
}

}  // namespace opi::egress
