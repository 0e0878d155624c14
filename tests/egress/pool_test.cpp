#include <gmock/gmock.h>
#include <sys/resource.h>

#include <condition_variable>

#include "egress/deaf_port.hpp"
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

class Pool : public test::Outbound {};

TEST_F(Pool, ReusesConnections) {
  RawServer server(test::answer_all);
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
  RawServer server(test::answer_all);
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
    test::answer_all(peer);
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
    test::answer_all(peer);
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
  RawServer one(test::answer_all);
  RawServer two(test::answer_all);
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
    test::answer_all(peer);
  });
  RawServer two(test::answer_all);
  auto first = start(post(one.url()));
  ASSERT_TRUE(gate.wait_for(1));
  auto second = start(post(two.url()));
  gate.open();
  EXPECT_EQ(await(std::move(first)).status, 200);
  EXPECT_EQ(await(std::move(second)).status, 200);
}

TEST_F(Pool, CarriesThousandsAtOnce) {
  constexpr int count = 2'000;
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_GE(files.rlim_max, 2u * count + 100) << "both ends of every connection need a file descriptor";
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  options_.max_connections_per_origin = count + count / 4;  // one tenant alone leaves an eighth
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
  test::DeafPort deaf;
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
  RawServer server(test::answer_all);
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
