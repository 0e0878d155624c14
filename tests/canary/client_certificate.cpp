#include "canary/client_certificate.hpp"

#include <openssl/pem.h>

#include <sstream>
#include <stdexcept>

#include "egress/certificates.hpp"

namespace opi::canary_test {
namespace {

template <class Write>
std::string pem_of(Write write) {
  BIO* out = BIO_new(BIO_s_mem());
  const bool written = out != nullptr && write(out) == 1;
  char* text = nullptr;
  const long size = written ? BIO_get_mem_data(out, &text) : 0;
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(out);
  if (pem.empty()) throw std::runtime_error("OpenSSL failed while a client certificate was made");
  return pem;
}

}  // namespace

ClientCertificatePem make_client_certificate() {
  const auto made = test::make_certificate({.common_name = "canary"}, nullptr);
  const auto key = pem_of([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, made.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  ClientCertificatePem result;
  result.pem = pem_of([&](BIO* out) { return PEM_write_bio_X509(out, made.certificate.get()); }) + key;
  constexpr std::size_t whole_line = 64;
  std::istringstream lines(key);
  for (std::string line; std::getline(lines, line);)
    if (line.size() == whole_line) result.key_lines.push_back(line);
  return result;
}

}  // namespace opi::canary_test
