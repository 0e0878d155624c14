#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "egress/certificates.hpp"
#include "egress/outbound.hpp"
#include "egress/raw_server.hpp"

namespace opi::egress {
namespace {

using test::ip;
using test::make_certificate;
using test::Peer;
using test::post;
using test::RawServer;
using test::server_context;
using testing::HasSubstr;

void answer_with_size(Peer& peer) {
  for (std::string request; !(request = peer.read_request()).empty();)
    peer.write(test::response(200, std::to_string(request.size())));
}

std::string host_url(const RawServer& server, const std::string& host) {
  return "https://" + host + ":" + std::to_string(server.port()) + "/";
}

class Tls : public test::Outbound {
 protected:
  void SetUp() override {
    file_ = testing::TempDir() + "opi-egress-ca-" + std::to_string(::getpid()) + ".pem";
    test::write_pem(authority_, file_);
    options_.tls.trust_system = false;
    options_.tls.ca_file = file_;
    for (const char* host : {"good.test", "other.test", "a.wild.test", "a.b.wild.test"})
      resolver_.answer(host, {{ip("127.0.0.1")}});
  }
  void TearDown() override { std::remove(file_.c_str()); }

  // The fault detail of a request to `host` at a server with this certificate; empty if it was answered.
  std::string failure(const test::Certificate& certificate, const std::string& host) {
    const auto context = server_context(certificate);
    RawServer server(answer_with_size, context.get());
    const auto response = send(post(host_url(server, host)));
    if (response.status == 200) return {};
    EXPECT_EQ(response.fault, TransportFault::tls) << response.fault_detail;
    EXPECT_FALSE(response.request_sent);
    return response.fault_detail;
  }

  const test::Certificate authority_ =
      make_certificate({.common_name = "authority", .alternative_names = "", .authority = true}, nullptr);
  std::string file_;
};

TEST_F(Tls, CarriesRequestsToAVerifiedHost) {
  const auto context =
      server_context(make_certificate({.common_name = "x", .alternative_names = "DNS:good.test"}, &authority_));
  RawServer server(answer_with_size, context.get());
  const std::string body(300'000, 'b');
  for (int i = 0; i < 5; ++i) {
    const auto response = send(post(host_url(server, "good.test"), body));
    EXPECT_EQ(response.status, 200) << response.fault_detail;
    EXPECT_GT(std::stoul(response.body), body.size());
    EXPECT_TRUE(response.request_sent);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Tls, RefusesACertificateForAnotherHost) {
  const auto certificate =
      make_certificate({.common_name = "good.test", .alternative_names = "DNS:good.test"}, &authority_);
  EXPECT_EQ(failure(certificate, "good.test"), "");
  EXPECT_THAT(failure(certificate, "other.test"), HasSubstr("hostname mismatch"));
}

TEST_F(Tls, TheCommonNameIsNoHostName) {
  EXPECT_THAT(
      failure(make_certificate({.common_name = "good.test", .alternative_names = ""}, &authority_), "good.test"),
      HasSubstr("hostname mismatch"));
}

TEST_F(Tls, AWildcardStandsForOneLabel) {
  const auto certificate = make_certificate({.common_name = "x", .alternative_names = "DNS:*.wild.test"}, &authority_);
  EXPECT_EQ(failure(certificate, "a.wild.test"), "");
  EXPECT_NE(failure(certificate, "a.b.wild.test"), "");
}

TEST_F(Tls, AddressesAreVerifiedAgainstAddressNames) {
  EXPECT_EQ(
      failure(make_certificate({.common_name = "x", .alternative_names = "IP:127.0.0.1"}, &authority_), "127.0.0.1"),
      "");
  EXPECT_THAT(
      failure(make_certificate({.common_name = "x", .alternative_names = "IP:127.0.0.2"}, &authority_), "127.0.0.1"),
      HasSubstr("IP address mismatch"));
  EXPECT_NE(
      failure(make_certificate({.common_name = "x", .alternative_names = "DNS:127.0.0.1"}, &authority_), "127.0.0.1"),
      "");
}

TEST_F(Tls, RefusesExpiredAndFutureCertificates) {
  EXPECT_THAT(
      failure(
          make_certificate(
              {.common_name = "x", .alternative_names = "DNS:good.test", .from_seconds = -7200, .to_seconds = -3600},
              &authority_),
          "good.test"),
      HasSubstr("expired"));
  EXPECT_THAT(
      failure(make_certificate(
                  {.common_name = "x", .alternative_names = "DNS:good.test", .from_seconds = 3600, .to_seconds = 7200},
                  &authority_),
              "good.test"),
      HasSubstr("not yet valid"));
}

TEST_F(Tls, RefusesUnknownAuthorities) {
  EXPECT_THAT(
      failure(make_certificate({.common_name = "x", .alternative_names = "DNS:good.test"}, nullptr), "good.test"),
      HasSubstr("self-signed"));
  const auto stranger =
      make_certificate({.common_name = "stranger", .alternative_names = "", .authority = true}, nullptr);
  EXPECT_THAT(
      failure(make_certificate({.common_name = "x", .alternative_names = "DNS:good.test"}, &stranger), "good.test"),
      HasSubstr("certificate was not accepted"));
}

// A bare client that takes TLS 1.1, to show that the server would have.
bool old_client_succeeds(std::uint16_t port) {
  const test::SslContext context{SSL_CTX_new(TLS_client_method())};
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) return false;
  SSL* ssl = SSL_new(context.get());
  SSL_set_fd(ssl, socket);
  const bool ok = SSL_connect(ssl) == 1;
  SSL_free(ssl);
  ::close(socket);
  return ok;
}

TEST_F(Tls, RefusesVersionsBefore12) {
  const auto certificate = make_certificate({.common_name = "x", .alternative_names = "DNS:good.test"}, &authority_);
  const auto context = server_context(certificate);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  RawServer server(answer_with_size, context.get());
  ASSERT_TRUE(old_client_succeeds(server.port()));
  EXPECT_EQ(send(post(host_url(server, "good.test"))).fault, TransportFault::tls);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_security_level(context.get(), 1);
  EXPECT_EQ(send(post(host_url(server, "good.test"))).status, 200);
}

TEST_F(Tls, NamesTheHostToTheServerButNoAddress) {
  const auto certificate =
      make_certificate({.common_name = "x", .alternative_names = "DNS:good.test,IP:127.0.0.1"}, &authority_);
  const auto context = server_context(certificate);
  std::mutex mutex;
  std::vector<std::string> names;
  auto remember = std::function<void(const char*)>([&](const char* name) {
    const std::lock_guard lock(mutex);
    names.emplace_back(name != nullptr ? name : "");
  });
  SSL_CTX_set_tlsext_servername_arg(context.get(), &remember);
  SSL_CTX_set_tlsext_servername_callback(
      context.get(), +[](SSL* ssl, int*, void* into) {
        (*static_cast<std::function<void(const char*)>*>(into))(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
        return SSL_TLSEXT_ERR_OK;
      });
  RawServer server(answer_with_size, context.get());
  EXPECT_EQ(send(post(host_url(server, "good.test"))).status, 200);
  EXPECT_EQ(send(post(host_url(server, "127.0.0.1"))).status, 200);
  const std::lock_guard lock(mutex);
  EXPECT_THAT(names, testing::ElementsAre("good.test", ""));
}

TEST_F(Tls, ResumesSessionsOfTheSameOrigin) {
  const auto context =
      server_context(make_certificate({.common_name = "x", .alternative_names = "DNS:good.test"}, &authority_));
  static constexpr unsigned char id[] = "egress";
  SSL_CTX_set_session_id_context(context.get(), id, sizeof id);
  RawServer server(
      [](Peer& peer) {
        peer.read_request();
        peer.write(test::response(200, "", "Connection: close\r\n"));
        peer.wait_for_close();
      },
      context.get());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(post(host_url(server, "good.test"))).status, 200);
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(SSL_CTX_sess_hits(context.get()), 2);
}

// Only the close ends such a body, and without TLS's own farewell anyone may have closed.
TEST_F(Tls, ABodyCutOffByABareCloseIsMarked) {
  const auto context =
      server_context(make_certificate({.common_name = "x", .alternative_names = "DNS:good.test"}, &authority_));
  SSL_CTX_set_quiet_shutdown(context.get(), 1);
  RawServer server(
      [](Peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\n\r\nsome");
      },
      context.get());
  const auto response = send(post(host_url(server, "good.test")));
  EXPECT_EQ(response.status, 200) << response.fault_detail;
  EXPECT_EQ(response.body, "some");
  EXPECT_TRUE(response.body_truncated);
}

TEST_F(Tls, PlainHttpFromATlsPortIsATlsFault) {
  RawServer server([](Peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  EXPECT_EQ(send(post(host_url(server, "good.test"))).fault, TransportFault::tls);
}

TEST_F(Tls, AHandshakeThatHangsEndsWithTheConnectDeadline) {
  options_.connect_timeout = std::chrono::milliseconds{150};
  RawServer server([](Peer& peer) { peer.wait_for_close(); });
  const auto response = send(post(host_url(server, "good.test")));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_THAT(response.fault_detail, HasSubstr("TLS with the receiver"));
  EXPECT_THAT(response.peer, HasSubstr("good.test"));
}

TEST_F(Tls, AnUnreadableAuthorityFileIsNamed) {
  options_.tls.ca_file = "/nonexistent/ca.pem";
  try {
    transport();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/ca.pem"));
  }
}

}  // namespace
}  // namespace opi::egress
