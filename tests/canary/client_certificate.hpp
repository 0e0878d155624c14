#pragma once
#include <string>
#include <vector>

namespace opi::canary_test {

struct ClientCertificatePem {
  std::string pem;                     // certificate and private key
  std::vector<std::string> key_lines;  // the lines of the key's base64 that are long enough to be nobody else's
};

// With a fresh key.
ClientCertificatePem make_client_certificate();

}  // namespace opi::canary_test
