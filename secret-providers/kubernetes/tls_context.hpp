#pragma once
#include <openssl/ssl.h>

#include <memory>

#include "access.hpp"

namespace opi::kubernetes {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

// TLS 1.2 or newer to a server that the access's own CA vouches for, and nobody else's. Throws sdk::Failure.
TlsContext make_tls_context(const Access& access);

}  // namespace opi::kubernetes
