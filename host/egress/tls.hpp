#pragma once
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "crypto/client_certificate.hpp"
#include "egress/url.hpp"

namespace opi::egress {

struct SessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

// The last TLS session with an origin, to be resumed by its next connection.
using TlsSession = std::unique_ptr<SSL_SESSION, SessionDeleter>;

// What all outbound TLS connections share: TLS 1.2 or newer, the peer verified against the trusted
// authorities. Immutable after construction; may be used by several threads.
class TlsContext {
 public:
  struct Options {
    bool trust_system = true;  // the certificate authorities of the operating system
    std::string ca_file;       // PEM file with further authorities; empty: none
  };

  // Throws std::runtime_error that names the file if it cannot be read.
  explicit TlsContext(const Options& options);

  boost::asio::ssl::context& native() { return context_; }

  // Makes a fresh connection name `url.host` (SNI, unless it is an address), accept only a certificate for
  // that name or address, resume the session in `session` and leave new ones there. `session` outlives `ssl`.
  static void prepare(SSL* ssl, const Url& url, TlsSession& session);

  // Makes a fresh connection show the certificate if the peer asks for one. False if TLS's rules do not allow it, such
  // as a key that is too short for them.
  static bool show(SSL* ssl, const crypto::ClientCertificate& certificate);

  // Why the handshake failed, for people.
  static std::string describe_failure(SSL* ssl, const boost::system::error_code& error);

 private:
  boost::asio::ssl::context context_;
};

}  // namespace opi::egress
