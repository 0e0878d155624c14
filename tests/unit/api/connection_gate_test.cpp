#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "unit/api/server_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using testing::HasSubstr;
using testing::StartsWith;
using Gate = test::WithServer;

TEST_F(Gate, ASlowClientIsGivenUpWhileOthersAreServed) {
  server_options.gate.head_timeout = server_options.gate.keep_alive = 2s;
  server_options.exchange.body_timeout = 2s;
  RawClient slow_head(port()), slow_body(port()), silent(port()), idle(port());
  slow_head.send("GET /healthz HT");
  slow_body.send(post_head(sized(100'000)) + "1");
  idle.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(idle.response(), StartsWith("HTTP/1.1 200"));
  for (int i = 0; i < 20; ++i) expect_alive();
  const auto body_answer = slow_body.rest();
  EXPECT_THAT(body_answer, StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(body_answer, HasSubstr("The body did not arrive within 2000 ms"));
  EXPECT_THAT(slow_head.rest(), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(idle.rest(), "");
  expect_alive();
}

// Each of them would have held a thread of four, for longer than a RawClient waits.
TEST_F(Gate, ThreeHundredSlowClientsDoNotStarveANormalOne) {
  server_options.gate.head_timeout = 60s;
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<RawClient>(port(), i % 2 == 0 ? "127.0.0.2" : "127.0.0.3"));
    slow.back()->send(i % 3 == 0 ? "GET /healthz HTTP/1.1\r\nX-" : i % 3 == 1 ? "G" : "");
  }
  for (int i = 0; i < 50; ++i) {
    slow[static_cast<std::size_t>(i) * 3]->send("a");
    expect_alive();
  }
  slow[0]->send(": b\r\nHost: h\r\n\r\n");
  EXPECT_THAT(slow[0]->response(), StartsWith("HTTP/1.1 200")) << "slow is not refused";
}

// The one body that is read from strangers.
TEST_F(Gate, SlowSignInsDoNotStarveANormalClient) {
  server_options.gate.head_timeout = server_options.exchange.body_timeout = 60s;
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<RawClient>(port()));
    slow.back()->send(post_head(sized(16 * 1024), "/api/v1/session") + "{");
  }
  for (const char* fields : {"Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\nContent-Length: 2\r\n"})
    for (int i = 0; i < 20; ++i) {
      slow.push_back(std::make_unique<RawClient>(port()));
      slow.back()->send(post_head(fields, "/api/v1/session"));
      EXPECT_THAT(slow.back()->response(), StartsWith("HTTP/1.1 411"));
    }
  for (int i = 0; i < 20; ++i) expect_alive();
  slow[0]->send(std::string(16 * 1024 - 1, ' '));
  EXPECT_THAT(slow[0]->response(), StartsWith("HTTP/1.1 422"));
}

TEST_F(Gate, IdleConnectionsHoldNoThread) {
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(std::make_unique<RawClient>(port()));
  for (int round = 0; round < 3; ++round)
    for (auto& client : idle) {
      client->send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_THAT(client->response(), StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(Gate, OneAddressHasItsShareOfTheConnections) {
  server_options.gate.connections_per_address = 3;
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(std::make_unique<RawClient>(port(), "127.0.0.2"));
    held.back()->send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(held.back()->response(), StartsWith("HTTP/1.1 200"));
  }
  const auto refused = ask_raw("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", "127.0.0.2");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 5"));
  expect_alive("127.0.0.3");
}

TEST_F(Gate, ThereAreAtMostSoManyConnections) {
  server_options.gate.connections = 3;
  std::vector<std::unique_ptr<RawClient>> held;
  for (const char* from : {"127.0.0.2", "127.0.0.3", "127.0.0.4"}) {
    held.push_back(std::make_unique<RawClient>(port(), from));
    held.back()->send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(held.back()->response(), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(ask_raw("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 503"));
  held.pop_back();
  for (int i = 0; i < 100; ++i) {  // the gate hears of the end a moment later
    if (ask_raw("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 200")) return;
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "the place did not become free";
}

TEST_F(Gate, EmptyLinesDoNotProlongTheTimeForAHead) {
  server_options.gate.head_timeout = 200ms;
  RawClient client(port());
  std::atomic<bool> over = false;
  std::thread trickle([&] {
    while (!over && client.send("\r\n")) std::this_thread::sleep_for(20ms);
  });
  EXPECT_NO_THROW(client.rest());
  over = true;
  trickle.join();
}

}  // namespace
}  // namespace opi::api
