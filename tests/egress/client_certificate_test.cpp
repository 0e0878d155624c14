#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <cstdio>

#include "egress/certificates.hpp"
#include "egress/outbound.hpp"
#include "egress/raw_server.hpp"

namespace opi::egress {
namespace {

using crypto::ClientCertificate;
using test::ip;
using test::make_certificate;
using test::Peer;
using test::post;
using test::RawServer;
using testing::HasSubstr;

std::string pem_of(const std::function<int(BIO*)>& write) {
  BIO* out = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(out), 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(out);
  return pem;
}
std::string pem_of(X509* certificate) {
  return pem_of([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}
std::string pem_of(EVP_PKEY* key, const char* passphrase = nullptr) {
  return pem_of([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, key, passphrase != nullptr ? EVP_aes_128_cbc() : nullptr, passphrase,
                                         passphrase != nullptr ? 4 : 0, nullptr, nullptr);
  });
}

std::variant<std::shared_ptr<const ClientCertificate>, std::string> read(const std::string& pem) {
  return ClientCertificate::from_pem({reinterpret_cast<const std::uint8_t*>(pem.data()), pem.size()});
}
std::string fault(const std::string& pem) {
  const auto result = read(pem);
  const auto* text = std::get_if<std::string>(&result);
  return text == nullptr ? "" : *text;
}

// The name in the certificate that the peer has shown.
std::string shown_name(Peer& peer) {
  X509* certificate = SSL_get1_peer_certificate(peer.ssl());
  if (certificate == nullptr) return "nobody";
  char name[64] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  return name;
}

class ClientCertificates : public test::Outbound {
 protected:
  ClientCertificates() : context_(test::server_context(server_)) {
    // A server that takes clients of its authority alone, and tells each who it is.
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority_.certificate.get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    static constexpr unsigned char id[] = "client certificates";
    SSL_CTX_set_session_id_context(context_.get(), id, sizeof id);
    file_ = testing::TempDir() + "opi-client-ca-" + std::to_string(::getpid()) + ".pem";
    test::write_pem(authority_, file_);
    options_.tls.trust_system = false;
    options_.tls.ca_file = file_;
    resolver_.answer("good.test", {{ip("127.0.0.1")}});
  }
  void TearDown() override { std::remove(file_.c_str()); }

  RawServer& server() {
    if (!server_runs_)
      server_runs_ = std::make_unique<RawServer>(
          [this](Peer& peer) {
            const char* end = closes_ ? "Connection: close\r\n" : "";
            while (!peer.read_request().empty()) peer.write(test::response(200, shown_name(peer), end));
          },
          context_.get());
    return *server_runs_;
  }
  delivery::HttpRequest request(std::shared_ptr<const ClientCertificate> certificate) {
    auto request = post("https://good.test:" + std::to_string(server().port()) + "/");
    request.client_certificate = std::move(certificate);
    return request;
  }
  // Who the server says that we are; else the fault.
  std::string who(std::shared_ptr<const ClientCertificate> certificate) {
    const auto response = send(request(std::move(certificate)));
    return response.status == 200 ? response.body : std::string(to_string(response.fault)) + response.fault_detail;
  }
  static std::shared_ptr<const ClientCertificate> client(const test::Certificate& certificate,
                                                         const std::string& chain = {}) {
    return std::get<0>(read(pem_of(certificate.certificate.get()) + chain + pem_of(certificate.key.get())));
  }

  const test::Certificate authority_ =
      make_certificate({.common_name = "authority", .alternative_names = "", .authority = true}, nullptr);
  const test::Certificate server_ =
      make_certificate({.common_name = "x", .alternative_names = "DNS:good.test"}, &authority_);
  const test::Certificate alice_ = make_certificate({.common_name = "alice"}, &authority_);
  const test::Certificate bob_ = make_certificate({.common_name = "bob"}, &authority_);
  const test::SslContext context_;
  std::string file_;
  bool closes_ = false;  // the server, after each answer
  std::unique_ptr<RawServer> server_runs_;
};

TEST_F(ClientCertificates, AServerThatDemandsOneGetsIt) {
  EXPECT_EQ(who(client(alice_)), "alice");
  EXPECT_EQ(who(client(alice_)), "alice");
  EXPECT_EQ(server().connections(), 1) << "the second request used the first one's connection";
}

TEST_F(ClientCertificates, WithoutOneTheServerRefuses) { EXPECT_NE(who(nullptr).find("alert"), std::string::npos); }

TEST_F(ClientCertificates, AStrangersIsRefused) {
  EXPECT_NE(who(client(make_certificate({.common_name = "mallory"}, nullptr))).find("alert"), std::string::npos);
}

TEST_F(ClientCertificates, ConnectionsAndSessionsAreOfOneCertificate) {
  EXPECT_EQ(who(client(alice_)), "alice");
  EXPECT_EQ(who(client(bob_)), "bob");
  EXPECT_EQ(who(client(alice_)), "alice");
  EXPECT_EQ(server().connections(), 2);
  EXPECT_NE(who(nullptr), "alice") << "nor does one without get another's";
}

TEST_F(ClientCertificates, AResumedSessionIsOfItsCertificate) {
  closes_ = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(who(client(alice_)), "alice");
    EXPECT_EQ(who(client(bob_)), "bob");
  }
  EXPECT_EQ(server().connections(), 6);
  EXPECT_EQ(SSL_CTX_sess_hits(context_.get()), 4);
}

TEST_F(ClientCertificates, TheChainIsShownToo) {
  const auto between =
      make_certificate({.common_name = "between", .alternative_names = "", .authority = true}, &authority_);
  const auto carol = make_certificate({.common_name = "carol"}, &between);
  EXPECT_EQ(who(client(carol, pem_of(between.certificate.get()))), "carol");
  EXPECT_NE(who(client(carol)), "carol") << "the server does not know who has signed her";
}

TEST_F(ClientCertificates, AreShownInTlsAlone) {
  auto plain = post(server().url());
  plain.client_certificate = client(alice_);
  const auto response = send(std::move(plain));
  EXPECT_EQ(response.fault, TransportFault::protocol);
  EXPECT_THAT(response.fault_detail, HasSubstr("in TLS alone"));
}

TEST_F(ClientCertificates, WhatIsNoneIsNamed) {
  const auto certificate = pem_of(alice_.certificate.get()), key = pem_of(alice_.key.get());
  EXPECT_EQ(fault(certificate + key), "");
  EXPECT_EQ(fault(key + certificate), "");
  EXPECT_EQ(fault(""), "it holds no certificate in PEM");
  EXPECT_EQ(fault(key), "it holds no certificate in PEM");
  EXPECT_EQ(fault(certificate), "it holds no unencrypted private key in PEM");
  EXPECT_EQ(fault(certificate + pem_of(alice_.key.get(), "word")), "it holds no unencrypted private key in PEM");
  EXPECT_EQ(fault(certificate + pem_of(bob_.key.get())), "its private key is not that of its first certificate");
  EXPECT_EQ(fault("-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n" + key),
            "it holds a malformed certificate");
  std::string many;
  for (std::size_t i = 0; i < ClientCertificate::max_certificates; ++i) many += certificate;
  EXPECT_EQ(fault(many + key), "");
  EXPECT_EQ(fault(many + certificate + key), "it holds more than 10 certificates");
}

TEST_F(ClientCertificates, FingerprintsTellCertificatesApart) {
  EXPECT_EQ(client(alice_)->fingerprint(), client(alice_)->fingerprint());
  EXPECT_NE(client(alice_)->fingerprint(), client(bob_)->fingerprint());
  EXPECT_NE(client(alice_)->fingerprint(), client(alice_, pem_of(authority_.certificate.get()))->fingerprint());
}

}  // namespace
}  // namespace opi::egress
