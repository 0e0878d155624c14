#include <gmock/gmock.h>

#include <thread>

#include "egress/deaf_port.hpp"
#include "egress/outbound.hpp"
#include "egress/raw_server.hpp"

namespace opi::egress {
namespace {

using test::ip;
using test::Peer;
using test::post;
using test::RawServer;
using namespace std::chrono_literals;
using testing::HasSubstr;

class Connecting : public test::Outbound {};

TEST_F(Connecting, TheConnectDeadlineIsShorterThanTheTotal) {
  options_.connect_timeout = 100ms;
  test::DeafPort deaf;
  const auto response = send(post(deaf.url()));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_FALSE(response.request_sent);
  EXPECT_THAT(response.fault_detail, HasSubstr("connecting to the receiver"));
}

TEST_F(Connecting, TheTotalDeadlineCoversConnecting) {
  test::DeafPort deaf;
  const auto response = send(post(deaf.url(), "{}", 100ms));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_THAT(response.fault_detail, HasSubstr("while connecting"));
}

TEST_F(Connecting, TriesTheNextAddressIfOneRefuses) {
  RawServer server(test::answer_all, nullptr, "127.0.0.3");
  resolver_.answer("many.test", {{ip("127.0.0.2"), ip("127.0.0.3")}});
  EXPECT_EQ(send(post("http://many.test:" + std::to_string(server.port()) + "/")).status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Connecting, TriesTheNextAddressIfOneIsSilent) {
  options_.connect_timeout = 400ms;
  test::DeafPort deaf;
  // The same port on another address of the loopback block.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(deaf.port());
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  std::thread answering([&] {
    const int socket = ::accept(listener, nullptr, nullptr);
    Peer peer(socket, nullptr);
    test::answer_all(peer);
    ::close(socket);
  });
  resolver_.answer("many.test", {{ip("127.0.0.1"), ip("127.0.0.2")}});
  EXPECT_EQ(send(post("http://many.test:" + std::to_string(deaf.port()) + "/")).status, 200);
  transport_.reset();
  answering.join();
  ::close(listener);
}

TEST_F(Connecting, ReportsNamesThatDoNotResolve) {
  resolver_.answer("gone.test", {{}});
  const auto response = send(post("http://gone.test/"));
  EXPECT_EQ(response.fault, TransportFault::name_resolution);
  EXPECT_THAT(response.fault_detail, testing::Not(HasSubstr("gone.test")));
  EXPECT_THAT(response.peer, HasSubstr("gone.test"));
}

TEST_F(Connecting, RefusesHostsWithoutAPermittedAddress) {
  resolver_.answer("inside.test", {{ip("10.0.0.5"), ip("fd00::5")}});
  const auto response = send(post("http://inside.test/"));
  EXPECT_THAT(response.peer, HasSubstr("10.0.0.5 (private use)"));
  resolver_.answer("gone.test", {{}});
  const auto gone = send(post("http://gone.test/"));
  EXPECT_EQ(response.fault, gone.fault) << "a tenant does not learn which names there are inside";
  EXPECT_EQ(response.fault_detail, gone.fault_detail);
  EXPECT_EQ(send(post("http://169.254.169.254/latest/meta-data")).fault, TransportFault::address_refused);
  EXPECT_EQ(send(post("http://[::ffff:127.0.0.1]/")).fault, TransportFault::address_refused);
}

TEST_F(Connecting, PlainHttpGoesOnlyToListedAddresses) {
  resolver_.answer("outside.test", {{ip("192.0.9.1")}});
  const auto response = send(post("http://outside.test/"));
  EXPECT_EQ(response.fault, TransportFault::name_resolution);
  EXPECT_FALSE(response.request_sent);
  EXPECT_THAT(response.peer, HasSubstr("192.0.9.1 (plain HTTP)"));
}

TEST_F(Connecting, ConnectsOnlyToThePermittedOnesOfAHostsAddresses) {
  guard_ = test::guard_that_allows({"127.0.0.3"});
  RawServer forbidden(test::answer_all);  // on 127.0.0.1
  resolver_.answer("mixed.test", {{ip("127.0.0.1"), ip("127.0.0.3")}});
  const auto response = send(post("http://mixed.test:" + std::to_string(forbidden.port()) + "/"));
  EXPECT_EQ(response.fault, TransportFault::connect);  // nobody listens on 127.0.0.3
  EXPECT_EQ(forbidden.connections(), 0);
}

// The answer changes between the check and the connection: what was checked is what is connected to.
TEST_F(Connecting, RebindingANameReachesNothingNew) {
  guard_ = test::guard_that_allows({"127.0.0.3"});
  RawServer permitted(
      [](Peer& peer) {
        peer.read_request();
        peer.write(test::response(200, "", "Connection: close\r\n"));
      },
      nullptr, "127.0.0.3");
  resolver_.answer("rebind.test", {{ip("127.0.0.3")}, {ip("127.0.0.1")}});
  const auto url = "http://rebind.test:" + std::to_string(permitted.port()) + "/";
  EXPECT_EQ(send(post(url)).status, 200);
  EXPECT_EQ(resolver_.asked("rebind.test"), 1u);  // no second question between check and use
  EXPECT_EQ(send(post(url)).fault, TransportFault::name_resolution);
  EXPECT_EQ(permitted.connections(), 1);
}

TEST_F(Connecting, ANameThatHangsStopsNobodyElse) {
  RawServer server(test::answer_all);
  auto hanging = start(post("http://hanging.test/", "{}", 300ms));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(send(post(server.url())).status, 200);
  const auto response = await(std::move(hanging));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_FALSE(response.request_sent);
}

}  // namespace
}  // namespace opi::egress
