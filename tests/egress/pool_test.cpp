#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>

#include "egress/outbound.hpp"
#include "egress/raw_server.hpp"
#include "receiver/receiver.hpp"

namespace opi::egress {
namespace {

using test::ip;
using test::patience;
using test::Peer;
using test::post;
using test::RawServer;
using namespace std::chrono_literals;
using testing::HasSubstr;

void answer_all(Peer& peer) {
  while (!peer.read_request().empty()) peer.write(test::response(200, "ok"));
}

// Lets a server's connections wait until the test opens it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  [[nodiscard]] bool wait_for(int waiting) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return waiting_ >= waiting; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

// A loopback port that takes no connection: its backlog is full, so that the kernel drops what comes.
class DeafPort {
 public:
  DeafPort() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(filler, reinterpret_cast<sockaddr*>(&at), size);
    }
  }
  ~DeafPort() {
    for (const int filler : fillers_) ::close(filler);
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::array<int, 4> fillers_{};
};

class Pool : public test::Outbound {};

TEST_F(Pool, ReusesConnections) {
  RawServer server(answer_all);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send(post(server.url())).status, 200);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(transport().statistics().reused, 9u);
}

TEST_F(Pool, HonoursConnectionClose) {
  RawServer server([](Peer& peer) {
    peer.read_request();
    peer.write(test::response(200, "", "Connection: close\r\n"));
    peer.wait_for_close();
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(post(server.url())).status, 200);
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(Pool, DropsAConnectionThatSaysMoreThanItWasAsked) {
  RawServer server([](Peer& peer) {
    while (!peer.read_request().empty()) peer.write(test::response(200, "") + test::response(200, "smuggled"));
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(post(server.url())).body, "");
  EXPECT_EQ(server.connections(), 3);
}

delivery::HttpRequest marked(delivery::HttpRequest request) {
  request.headers.push_back({"idempotency-key", "k"});
  return request;
}

TEST_F(Pool, RepeatsNoRequestThatWouldBeDoneTwice) {
  std::atomic<int> requests{0};
  RawServer server([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (++requests == 2) return peer.reset();  // done, and its answer is lost
      peer.write(test::response(200, ""));
    }
  });
  EXPECT_EQ(send(post(server.url())).status, 200);
  const auto response = send(post(server.url()));
  EXPECT_EQ(response.fault, TransportFault::reset);
  EXPECT_TRUE(response.request_sent);
  EXPECT_EQ(requests, 2);
}

TEST_F(Pool, RepeatsARequestOnceIfAReusedConnectionWasStale) {
  std::atomic<int> requests{0};
  RawServer server([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (++requests == 2) return peer.reset();  // read, and closed without an answer
      peer.write(test::response(200, ""));
    }
  });
  EXPECT_EQ(send(marked(post(server.url()))).status, 200);
  EXPECT_EQ(send(marked(post(server.url()))).status, 200);
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(transport().statistics().retried, 1u);
}

TEST_F(Pool, RepeatsARequestNotTwice) {
  std::atomic<int> requests{0};
  RawServer server([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (++requests >= 2) return peer.reset();
      peer.write(test::response(200, ""));
    }
  });
  EXPECT_EQ(send(marked(post(server.url()))).status, 200);
  const auto response = send(marked(post(server.url())));
  EXPECT_EQ(response.fault, TransportFault::reset);
  EXPECT_TRUE(response.request_sent);
  EXPECT_EQ(requests, 3);
}

TEST_F(Pool, ClosesConnectionsThatAreIdleForTooLong) {
  options_.idle_timeout = 50ms;
  std::promise<void> closed;
  RawServer server([&](Peer& peer) {
    peer.read_request();
    peer.write(test::response(200, ""));
    peer.wait_for_close();
    closed.set_value();
  });
  EXPECT_EQ(send(post(server.url())).status, 200);
  EXPECT_EQ(closed.get_future().wait_for(patience), std::future_status::ready);
}

TEST_F(Pool, ClosesConnectionsThatAreTooOld) {
  options_.max_connection_age = 0ms;
  RawServer server(answer_all);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(post(server.url())).status, 200);
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(Pool, KeepsAtMostSoManyIdle) {
  options_.max_idle = 1;
  Gate gate;
  RawServer server([&](Peer& peer) {
    peer.read_request();
    gate.pass();
    peer.write(test::response(200, ""));
    answer_all(peer);
  });
  auto one = start(post(server.url()));
  auto two = start(post(server.url()));
  ASSERT_TRUE(gate.wait_for(2));
  gate.open();
  EXPECT_EQ(await(std::move(one)).status, 200);
  EXPECT_EQ(await(std::move(two)).status, 200);
  EXPECT_EQ(send(post(server.url())).status, 200);
  EXPECT_LE(transport().statistics().connections, 1);
}

TEST_F(Pool, RequestsBeyondTheOriginsConnectionsWaitInOrder) {
  options_.max_connections_per_origin = 1;
  Gate gate;
  std::mutex mutex;
  std::vector<std::string> order;
  RawServer server([&](Peer& peer) {
    for (;;) {
      const auto request = peer.read_request();
      if (request.empty()) return;
      {
        const std::lock_guard lock(mutex);
        order.push_back(request.substr(request.find('/'), 2));
      }
      gate.pass();
      peer.write(test::response(200, ""));
    }
  });
  std::vector<std::future<delivery::HttpResponse>> responses;
  for (int i = 0; i < 5; ++i) responses.push_back(start(post(server.url("/" + std::to_string(i)))));
  ASSERT_TRUE(gate.wait_for(1));
  gate.open();
  for (auto& response : responses) EXPECT_EQ(await(std::move(response)).status, 200);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(order, testing::ElementsAre("/0", "/1", "/2", "/3", "/4"));
}

TEST_F(Pool, WaitingRequestsKeepTheirDeadlines) {
  options_.max_connections_per_origin = 1;
  Gate gate;
  RawServer server([&](Peer& peer) {
    peer.read_request();
    gate.pass();
    peer.write(test::response(200, ""));
    answer_all(peer);
  });
  auto first = start(post(server.url()));
  ASSERT_TRUE(gate.wait_for(1));
  const auto late = send(post(server.url(), "{}", 100ms));
  EXPECT_EQ(late.fault, TransportFault::timeout);
  EXPECT_FALSE(late.request_sent);
  EXPECT_THAT(late.fault_detail, HasSubstr("waiting for a free connection"));
  gate.open();
  EXPECT_EQ(await(std::move(first)).status, 200);
  EXPECT_EQ(send(post(server.url())).status, 200);  // the one that gave up left nothing behind
}

TEST_F(Pool, OriginsTakeIdlePlacesFromEachOtherAtTheTotalLimit) {
  options_.max_connections = 1;
  RawServer one(answer_all);
  RawServer two(answer_all);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(send(post(one.url())).status, 200);
    EXPECT_EQ(send(post(two.url())).status, 200);
  }
  EXPECT_EQ(one.connections(), 3);
}

TEST_F(Pool, AnOriginWithoutAPlaceGetsOneWhenAnotherIsDone) {
  options_.max_connections = 1;
  Gate gate;
  RawServer one([&](Peer& peer) {
    peer.read_request();
    gate.pass();
    peer.write(test::response(200, ""));
    answer_all(peer);
  });
  RawServer two(answer_all);
  auto first = start(post(one.url()));
  ASSERT_TRUE(gate.wait_for(1));
  auto second = start(post(two.url()));
  gate.open();
  EXPECT_EQ(await(std::move(first)).status, 200);
  EXPECT_EQ(await(std::move(second)).status, 200);
}

TEST_F(Pool, TheConnectDeadlineIsShorterThanTheTotal) {
  options_.connect_timeout = 100ms;
  DeafPort deaf;
  const auto response = send(post(deaf.url()));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_FALSE(response.request_sent);
  EXPECT_THAT(response.fault_detail, HasSubstr("connecting to the receiver"));
}

TEST_F(Pool, TheTotalDeadlineCoversConnecting) {
  DeafPort deaf;
  const auto response = send(post(deaf.url(), "{}", 100ms));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_THAT(response.fault_detail, HasSubstr("while connecting"));
}

TEST_F(Pool, TriesTheNextAddressIfOneRefuses) {
  RawServer server(answer_all, nullptr, "127.0.0.3");
  resolver_.answer("many.test", {{ip("127.0.0.2"), ip("127.0.0.3")}});
  EXPECT_EQ(send(post("http://many.test:" + std::to_string(server.port()) + "/")).status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Pool, TriesTheNextAddressIfOneIsSilent) {
  options_.connect_timeout = 400ms;
  DeafPort deaf;
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
    answer_all(peer);
    ::close(socket);
  });
  resolver_.answer("many.test", {{ip("127.0.0.1"), ip("127.0.0.2")}});
  EXPECT_EQ(send(post("http://many.test:" + std::to_string(deaf.port()) + "/")).status, 200);
  transport_.reset();
  answering.join();
  ::close(listener);
}

TEST_F(Pool, ReportsNamesThatDoNotResolve) {
  resolver_.answer("gone.test", {{}});
  const auto response = send(post("http://gone.test/"));
  EXPECT_EQ(response.fault, TransportFault::name_resolution);
  EXPECT_THAT(response.fault_detail, testing::Not(HasSubstr("gone.test")));
  EXPECT_EQ(response.peer, "gone.test");
}

TEST_F(Pool, RefusesHostsWithoutAPermittedAddress) {
  resolver_.answer("inside.test", {{ip("10.0.0.5"), ip("fd00::5")}});
  const auto response = send(post("http://inside.test/"));
  EXPECT_EQ(response.fault, TransportFault::address_refused);
  EXPECT_THAT(response.fault_detail, testing::Not(HasSubstr("10.0.0.5"))) << "a tenant does not learn our addresses";
  EXPECT_THAT(response.peer, HasSubstr("10.0.0.5 (private use)"));
  EXPECT_EQ(send(post("http://169.254.169.254/latest/meta-data")).fault, TransportFault::address_refused);
  EXPECT_EQ(send(post("http://[::ffff:127.0.0.1]/")).fault, TransportFault::address_refused);
}

TEST_F(Pool, ConnectsOnlyToThePermittedOnesOfAHostsAddresses) {
  guard_ = test::guard_that_allows({"127.0.0.3"});
  RawServer forbidden(answer_all);  // on 127.0.0.1
  resolver_.answer("mixed.test", {{ip("127.0.0.1"), ip("127.0.0.3")}});
  const auto response = send(post("http://mixed.test:" + std::to_string(forbidden.port()) + "/"));
  EXPECT_EQ(response.fault, TransportFault::connect);  // nobody listens on 127.0.0.3
  EXPECT_EQ(forbidden.connections(), 0);
}

// The answer changes between the check and the connection: what was checked is what is connected to.
TEST_F(Pool, RebindingANameReachesNothingNew) {
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
  EXPECT_EQ(send(post(url)).fault, TransportFault::address_refused);
  EXPECT_EQ(permitted.connections(), 1);
}

TEST_F(Pool, ANameThatHangsStopsNobodyElse) {
  RawServer server(answer_all);
  auto hanging = start(post("http://hanging.test/", "{}", 300ms));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(send(post(server.url())).status, 200);
  const auto response = await(std::move(hanging));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_FALSE(response.request_sent);
}

TEST_F(Pool, CarriesThousandsAtOnce) {
  constexpr int count = 2'000;
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_GE(files.rlim_max, 2u * count + 100) << "both ends of every connection need a file descriptor";
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  options_.max_connections_per_origin = count;
  receiver::ReceiverOptions options;
  options.verify = false;
  options.slow_delay = 500ms;
  receiver::Receiver receiver(options);
  std::vector<std::future<delivery::HttpResponse>> responses;
  for (int i = 0; i < count; ++i) responses.push_back(start(post(receiver.url("/slow"))));
  for (auto& response : responses) ASSERT_EQ(await(std::move(response)).status, 200);
  EXPECT_EQ(transport().statistics().opened, static_cast<std::uint64_t>(count));
}

TEST_F(Pool, StopEndsEveryRequestExactlyOnce) {
  receiver::ReceiverOptions options;
  options.verify = false;
  options.slow_delay = 60s;
  receiver::Receiver receiver(options);
  DeafPort deaf;
  options_.threads = 2;
  options_.max_connections_per_origin = 50;
  constexpr int count = 3'000;
  std::vector<std::atomic<int>> calls(count + 1);
  std::atomic<int> cancelled{0}, fine{0};
  const auto send_one = [&](std::size_t i, const std::string& url) {
    transport().send(post(url), [&, i](delivery::HttpResponse&& response) {
      ++calls[i];
      ++(response.fault == TransportFault::cancelled ? cancelled : fine);
    });
  };
  std::thread sender([&] {
    const std::string urls[] = {receiver.url("/slow"), receiver.url("/bench"), deaf.url(), "http://hanging.test/"};
    for (std::size_t i = 0; i < count; ++i) {
      send_one(i, urls[i % 4]);
      if (i == count / 2) transport().stop();
    }
  });
  sender.join();
  transport().stop();
  send_one(count, receiver.url("/bench"));
  transport_.reset();
  for (const auto& one : calls) ASSERT_EQ(one, 1);
  EXPECT_EQ(cancelled + fine, count + 1);
  EXPECT_GT(cancelled, count / 2);
}

TEST_F(Pool, ACompletionMaySendAgainAndStop) {
  RawServer server(answer_all);
  std::promise<TransportFault> last;
  transport().send(post(server.url()), [&](delivery::HttpResponse&&) {
    transport().send(post(server.url()), [&](delivery::HttpResponse&&) {
      transport().stop();
      transport().send(post(server.url()), [&](delivery::HttpResponse&& third) { last.set_value(third.fault); });
    });
  });
  auto future = last.get_future();
  ASSERT_EQ(future.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(future.get(), TransportFault::cancelled);
}

}  // namespace
}  // namespace opi::egress
