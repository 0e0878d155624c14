#include "egress/proxy.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>

#include "egress/certificates.hpp"
#include "egress/connect_proxy.hpp"
#include "egress/outbound.hpp"
#include "egress/raw_server.hpp"

namespace opi::egress {
namespace {

using test::ip;
using test::post;
using test::RawServer;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

std::shared_ptr<const Proxy> proxy_of(const std::string& url, const std::string& credentials = {},
                                      const std::vector<std::string>& exceptions = {}) {
  std::string error;
  auto proxy = Proxy::parse(url, credentials, exceptions, error);
  EXPECT_EQ(error, "");
  return proxy;
}

// To "target.test", which the proxy could not resolve: the resolver knows it alone.
class ByProxy : public test::Outbound {
 protected:
  ByProxy() { resolver_.answer("target.test", {{ip("127.0.0.1")}}); }
  void go_by(const std::string& credentials = {}, const std::vector<std::string>& exceptions = {}) {
    options_.proxy = proxy_of(proxy_.url(), credentials, exceptions);
  }
  static std::string at(const std::string& scheme, const RawServer& server, const std::string& host = "target.test") {
    return scheme + "://" + host + ":" + std::to_string(server.port()) + "/";
  }
  delivery::HttpResponse refused_with(const std::string& answer) {
    proxy_.answer(answer);
    RawServer server(test::answer_all);
    auto response = send(post(at("http", server)));
    EXPECT_EQ(server.connections(), 0);
    EXPECT_FALSE(response.request_sent);
    EXPECT_EQ(response.status, 0);
    return response;
  }
  test::ConnectProxy proxy_;
};

TEST_F(ByProxy, ATunnelLeadsToTheAddressThatWasJudgedAndCarriesManyRequests) {
  go_by();
  RawServer server(test::answer_all);
  for (int i = 0; i < 3; ++i) {
    const auto response = send(post(at("http", server)));
    EXPECT_EQ(response.status, 200) << response.fault_detail;
  }
  EXPECT_EQ(server.connections(), 1);
  ASSERT_THAT(proxy_.asked(), SizeIs(1)) << "kept alive by target";
  const auto target = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(proxy_.asked().front(), "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n");
  RawServer other(test::answer_all);
  EXPECT_EQ(send(post(at("http", other))).status, 200);
  EXPECT_THAT(proxy_.asked(), SizeIs(2));
}

TEST_F(ByProxy, TheReceiversTlsIsItsOwnWithinTheTunnel) {
  const auto authority =
      test::make_certificate({.common_name = "authority", .alternative_names = "", .authority = true}, nullptr);
  const auto file = testing::TempDir() + "opi-proxy-ca-" + std::to_string(::getpid()) + ".pem";
  test::write_pem(authority, file);
  options_.tls.trust_system = false;
  options_.tls.ca_file = file;
  resolver_.answer("other.test", {{ip("127.0.0.1")}});
  go_by();
  const auto context = test::server_context(
      test::make_certificate({.common_name = "x", .alternative_names = "DNS:target.test"}, &authority));
  RawServer server(test::answer_all, context.get());
  EXPECT_EQ(send(post(at("https", server))).status, 200);
  EXPECT_EQ(send(post(at("https", server, "other.test"))).fault, TransportFault::tls) << "another name's certificate";
  EXPECT_THAT(proxy_.asked(), SizeIs(2));
  std::remove(file.c_str());
}

TEST_F(ByProxy, AnAddressThatNoDestinationMayHaveIsNotAskedFor) {
  go_by();
  resolver_.answer("inside.test", {{ip("10.0.0.1")}});
  EXPECT_EQ(send(post("http://10.0.0.1/")).fault, TransportFault::address_refused);
  EXPECT_EQ(send(post("http://inside.test/")).fault, TransportFault::name_resolution);
  EXPECT_EQ(send(post("https://169.254.169.254/latest")).fault, TransportFault::address_refused);
  EXPECT_THAT(proxy_.asked(), IsEmpty());
}

TEST_F(ByProxy, CredentialsGoToTheProxyAndToNobodyElse) {
  go_by("integrations:s3cr3t word");
  std::string seen;
  RawServer server([&](test::Peer& peer) {
    seen = peer.read_request();
    peer.write(test::response(200, "ok"));
  });
  EXPECT_EQ(send(post(at("http", server))).status, 200);
  EXPECT_THAT(proxy_.asked().front(), HasSubstr("\r\nProxy-Authorization: Basic aW50ZWdyYXRpb25zOnMzY3IzdCB3b3Jk\r\n"));
  EXPECT_THAT(seen, StartsWith("POST / "));
  EXPECT_THAT(seen, Not(HasSubstr("Proxy-Authorization")));
}

TEST_F(ByProxy, ItsRefusalsAreNotTheReceivers) {
  go_by("integrations:s3cr3t");
  for (const auto& [answer, expected] : std::vector<std::pair<std::string, std::string>>{
           {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
            "the proxy wants other credentials (407)"},
           {"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnono",
            "the proxy refuses to connect to the receiver (403)"},
           {"HTTP/1.1 500 Oops\r\n\r\n", "the proxy refuses to connect to the receiver (500)"},
           {"SSH-2.0-OpenSSH_9.2\r\n", "the proxy's answer is malformed"},
           {"HTTP/1.1 2xx\r\n\r\n", "the proxy's answer is malformed"},
           {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "the proxy's answer is malformed"},
           {"HTTP/1.1 200 OK\r\nX: " + std::string(max_tunnel_answer_bytes, 'x') + "\r\n\r\n",
            "the proxy's answer is malformed"}}) {
    const auto response = refused_with(answer);
    EXPECT_EQ(response.fault, TransportFault::proxy) << answer;
    EXPECT_EQ(response.fault_detail, expected);
  }
}

TEST_F(ByProxy, WhatItCannotReachIsTriedByTheNextAddressAndIsTheReceivers) {
  go_by();
  resolver_.answer("many.test", {{ip("127.0.0.9"), ip("127.0.0.1")}});
  RawServer server(test::answer_all);
  EXPECT_EQ(send(post(at("http", server, "many.test"))).status, 200) << "nobody listens at the first";
  EXPECT_THAT(proxy_.asked(), SizeIs(2));
  for (const char* status : {"502", "503", "504"}) {
    const auto response = refused_with("HTTP/1.1 " + std::string(status) + " no\r\n\r\n");
    EXPECT_EQ(response.fault, TransportFault::connect);
    EXPECT_EQ(response.fault_detail, "the proxy cannot connect to the receiver (" + std::string(status) + ")");
  }
}

TEST_F(ByProxy, AProxyThatIsAwayOrClosesIsToldApartFromAReceiverThatIs) {
  RawServer closing([](test::Peer& peer) { peer.read_request(); });
  options_.proxy = proxy_of(closing.url());
  RawServer server(test::answer_all);
  const auto closed = send(post(at("http", server)));
  EXPECT_EQ(closed.fault, TransportFault::proxy);
  EXPECT_THAT(closed.fault_detail, StartsWith("the proxy closed the connection"));
  transport_.reset();
  options_.proxy = proxy_of("http://127.0.0.1:1");
  const auto away = send(post(at("http", server)));
  EXPECT_EQ(away.fault, TransportFault::proxy);
  EXPECT_THAT(away.fault_detail, StartsWith("cannot connect to the proxy: "));
  transport_.reset();
  resolver_.answer("proxy.test", {{}});
  options_.proxy = proxy_of("http://proxy.test:3128");
  EXPECT_EQ(send(post(at("http", server))).fault_detail, "the proxy's name leads to no address");
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(ByProxy, IsFoundByItsNameAndMayBeAnywhere) {
  guard_ = test::guard_that_allows({"127.0.0.2/32"});
  resolver_.answer("proxy.test", {{ip("127.0.0.7"), ip("127.0.0.1")}});
  options_.proxy = proxy_of("http://proxy.test:" + std::to_string(proxy_.port()));
  RawServer server(test::answer_all, nullptr, "127.0.0.2");
  resolver_.answer("target.test", {{ip("127.0.0.2")}});
  EXPECT_EQ(send(post(at("http", server))).status, 200) << "the operator's choice is not judged";
  EXPECT_EQ(resolver_.asked("proxy.test"), 1u);
}

TEST_F(ByProxy, ASilentProxyRunsIntoTheConnectDeadline) {
  options_.connect_timeout = 100ms;
  RawServer silent([](test::Peer& peer) { peer.wait_for_close(); });
  options_.proxy = proxy_of(silent.url());
  resolver_.answer("target.test", {{ip("127.0.0.1"), ip("127.0.0.2")}});
  const auto response = send(post("http://target.test:9/"));
  EXPECT_EQ(response.fault, TransportFault::timeout) << response.fault_detail;
  EXPECT_FALSE(response.request_sent);
}

TEST_F(ByProxy, ExceptionsAreReachedDirectly) {
  go_by({}, {"plain.test", ".inside.test", "127.0.0.4/32"});
  RawServer server(test::answer_all), other(test::answer_all, nullptr, "127.0.0.4");
  for (const char* host : {"plain.test", "a.inside.test"}) {
    resolver_.answer(host, {{ip("127.0.0.1")}});
    EXPECT_EQ(send(post(at("http", server, host))).status, 200) << host;
  }
  EXPECT_EQ(send(post(at("http", other, "127.0.0.4"))).status, 200);
  EXPECT_THAT(proxy_.asked(), IsEmpty());
  for (const char* host : {"aplain.test", "inside.test"}) {
    resolver_.answer(host, {{ip("127.0.0.1")}});
    EXPECT_EQ(send(post(at("http", server, host))).status, 200) << host;
  }
  EXPECT_THAT(proxy_.asked(), SizeIs(2));
}

TEST(ProxySettings, AreReadStrictlyAndNotRepeated) {
  const auto error_of = [](const std::string& url, const std::string& credentials = {},
                           const std::vector<std::string>& exceptions = {}) {
    std::string error;
    EXPECT_EQ(Proxy::parse(url, credentials, exceptions, error), nullptr);
    return error;
  };
  for (const char* url :
       {"", "proxy:3128", "https://proxy:3128", "http://u:geheim@proxy", "http://proxy/path", "http://"})
    EXPECT_EQ(error_of(url), "egress.proxy must be http://host or http://host:port") << url;
  for (const auto& credentials :
       {std::string("geheim"), std::string("user:ge\nheim"), "u:" + std::string(1'023, 'x')}) {
    const auto error = error_of("http://proxy:3128", credentials);
    EXPECT_THAT(error, StartsWith("egress.proxy_credentials_file must hold user:password"));
    EXPECT_THAT(error, Not(HasSubstr("heim")));
  }
  for (const char* entry : {"", ".", "Host.example", "host name", "*.example", "10.0.0.0/33"})
    EXPECT_THAT(error_of("http://proxy:3128", "", {entry}), StartsWith("egress.proxy_exceptions has an entry"))
        << entry;
  EXPECT_NE(proxy_of("http://[2001:db8::1]:3128", "u:" + std::string(1'022, 'x'), {"fd00::/8"}), nullptr);
  EXPECT_THAT(proxy_of("http://proxy")->connect_request(ip("2001:db8::1"), 443),
              StartsWith("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n"));
}

}  // namespace
}  // namespace opi::egress
