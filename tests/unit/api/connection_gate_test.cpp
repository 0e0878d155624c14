#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
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
  server_options.gate.body_timeout = 2s;
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
  server_options.gate.head_timeout = server_options.gate.body_timeout = 60s;
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
  server_options.gate.limits.connections_per_address = 3;
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
  server_options.gate.limits.connections = 3;
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
  for (std::size_t i = 0; i < HeadLimits::empty_lines; ++i) {
    EXPECT_TRUE(client.send("\r\n"));
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(client.rest(), "") << "nothing was begun";
}

TEST_F(Gate, AStreamOfEmptyLinesIsRefused) {
  RawClient client(port());
  std::string lines;
  for (std::size_t i = 0; i <= HeadLimits::empty_lines; ++i) lines += "\r\n";
  client.send(lines + "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto all = client.rest();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(all, HasSubstr("More than 4 empty lines"));
}

// More of them than there are threads, each with answers that no kernel buffer holds, and requests to spare.
TEST_F(Gate, WhoReadsNothingHoldsNoThread) {
  server_options.gate.body_timeout = server_options.gate.rate_grace = 60s;
  routes.add({"GET", "/large", std::nullopt, [](const Request&) {
                return Response{200, "text/plain", std::string(4 * 1024 * 1024, 'x'), {}};
              }});
  std::string requests;
  for (int i = 0; i < 10; ++i) requests += "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
  std::vector<std::unique_ptr<RawClient>> deaf;
  for (int i = 0; i < 4 * server_options.threads; ++i) {
    deaf.push_back(std::make_unique<RawClient>(port()));
    deaf.back()->send(requests);
  }
  for (int i = 0; i < 20; ++i) expect_alive();
  EXPECT_EQ(deaf[0]->response().size() / 1024, 4'096u) << "slow is not refused";
}

TEST_F(Gate, WhoReadsNothingIsGivenUp) {
  server_options.gate.rate_grace = 300ms;
  routes.add({"GET", "/large", std::nullopt, [](const Request&) {
                return Response{200, "text/plain", std::string(16 * 1024 * 1024, 'x'), {}};
              }});
  RawClient deaf(port());
  deaf.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(deaf.closed_without_reading());
  EXPECT_LT(deaf.rest().size(), 16u * 1024 * 1024);
  expect_alive();
}

TEST_F(Gate, ABodyHasALeastRate) {
  server_options.gate.rate_grace = 300ms;
  server_options.gate.least_rate = 1'000'000;
  for (const auto& fields : {sized(100'000), std::string("Transfer-Encoding: chunked\r\n")}) {
    const auto response = ask_raw(post_head(fields) + "1\r\n");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 408"));
    EXPECT_THAT(response, HasSubstr("at less than 1000000 bytes a second"));
  }
}

// What waits for clients of one address is bounded; the one that has been waiting longest gives way.
TEST_F(Gate, AnswersThatNobodyReadsHaveTheirShareOfTheMemory) {
  server_options.gate.body_timeout = server_options.gate.rate_grace = 60s;
  server_options.gate.limits.bytes_per_address = 20 * 1024 * 1024;
  routes.add({"GET", "/large", std::nullopt, [](const Request&) {
                return Response{200, "text/plain", std::string(8 * 1024 * 1024, 'x'), {}};
              }});
  std::vector<std::unique_ptr<RawClient>> deaf;
  for (int i = 0; i < 3; ++i) {
    deaf.push_back(std::make_unique<RawClient>(port(), "127.0.0.2"));
    deaf.back()->send("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(deaf.back()->beginning(), StartsWith("HTTP/1.1 200")) << "its answer waits";
  }
  EXPECT_TRUE(deaf[0]->closed_without_reading());
  EXPECT_LT(deaf[0]->rest().size(), 8u * 1024 * 1024);
  EXPECT_GT(deaf[1]->rest().size(), 8u * 1024 * 1024);
  EXPECT_GT(deaf[2]->rest().size(), 8u * 1024 * 1024);
}

// The only connection of an address asks for more than bodies of another one have left: those give way.
TEST_F(Gate, ASoleReaderIsServedBesideBodiesThatHoldTheMemory) {
  server_options.gate.body_timeout = server_options.gate.rate_grace = 60s;
  constexpr std::size_t mib = 1024 * 1024;
  server_options.gate.limits.bytes = 18 * mib;
  routes.add({"GET", "/large", std::nullopt, [](const Request&) {
                return Response{200, "text/plain", std::string(4 * mib, 'x'), {}};
              }});
  RawClient first(port(), "127.0.0.2"), second(port(), "127.0.0.2");
  for (auto* sender : {&first, &second}) {
    sender->send(post_head("Expect: 100-continue\r\n" + sized(8 * mib)));
    EXPECT_THAT(sender->response(), StartsWith("HTTP/1.1 100"));
    sender->send(std::string(8 * mib - 1, 'x'));
  }
  for (int i = 0; i < 2'000; ++i)  // until both bodies are there
    if (ask_raw(post_head("Expect: 100-continue\r\n" + sized(3 * mib)), "127.0.0.4").starts_with("HTTP/1.1 503")) break;
  RawClient reader(port(), "127.0.0.3");
  reader.send("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(reader.beginning(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(first.response(), StartsWith("HTTP/1.1 503")) << "its address had most of the room, and it came first";
  EXPECT_GT(reader.rest().size(), 4 * mib);
  EXPECT_THAT(ask_raw(post_head(sized(5)) + "hello"), StartsWith("HTTP/1.1 200")) << "the server goes on";
}

TEST_F(Gate, WhereAllPlacesAreTakenAFreshAddressGetsOneOfTheIdle) {
  server_options.gate.limits.connections = 8;
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 8; ++i) {
    idle.push_back(std::make_unique<RawClient>(port(), i < 5 ? "127.0.0.2" : "127.0.0.3"));
    idle.back()->send(post_head(sized(5)) + "hello");
    EXPECT_THAT(idle.back()->response(), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(ask_raw(post_head(sized(5)) + "hello", "127.0.0.4"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(idle[0]->rest(), "") << "the oldest of the address with most was closed";
  idle[1]->send(post_head(sized(5)) + "hello");
  EXPECT_THAT(idle[1]->response(), StartsWith("HTTP/1.1 200")) << "no other one";
}

TEST_F(Gate, BodiesHaveTheirShareOfTheMemory) {
  server_options.gate.limits.bytes_per_address = 150'000;
  RawClient first(port(), "127.0.0.2");
  first.send(post_head("Transfer-Encoding: chunked\r\n") + "186a0\r\n" + std::string(100'000, 'x'));
  const auto refused = [&](const std::string& request) { return ask_raw(request, "127.0.0.2"); };
  std::string answer;
  for (int i = 0; i < 2'000 && !answer.starts_with("HTTP/1.1 503"); ++i)  // until the first one's body is there
    answer = refused(post_head("Expect: 100-continue\r\n" + sized(60'000)));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1"));
  EXPECT_THAT(refused(post_head("Transfer-Encoding: chunked\r\n") + "ea60\r\n" + std::string(60'000, 'x')),
              StartsWith("HTTP/1.1 503"))
      << "one whose size is not known beforehand";
  EXPECT_THAT(refused(post_head(sized(16'384)) + std::string(16'384, 'x')), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask_raw(post_head(sized(60'000)) + std::string(60'000, 'x')), StartsWith("HTTP/1.1 200"));
  first.send("\r\n0\r\n\r\n");
  EXPECT_THAT(first.response(), HasSubstr("\r\n\r\n100000"));
  EXPECT_THAT(refused(post_head(sized(60'000)) + std::string(60'000, 'x')), StartsWith("HTTP/1.1 200"));
}

// Its hundred requests wait before a single one of somebody else, who is served after one of them.
TEST_F(Gate, AddressesTakeTurns) {
  server_options.threads = 1;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> order;
  bool go = false;
  routes.add({"GET", "/ordered", std::nullopt, [&](const Request& request) {
                std::unique_lock lock(mutex);
                order.push_back(request.address);
                changed.notify_all();
                EXPECT_TRUE(changed.wait_for(lock, 20s, [&] { return go; }));
                return Response{};
              }});
  const std::string request = "GET /ordered HTTP/1.1\r\nHost: h\r\n\r\n";
  std::vector<std::unique_ptr<RawClient>> many;
  for (int i = 0; i < 20; ++i) {
    many.push_back(std::make_unique<RawClient>(port(), "127.0.0.2"));
    many.back()->send(request);
  }
  RawClient one(port(), "127.0.0.3");
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, 20s, [&] { return order.size() == 1; }));
  }
  one.send(request);
  // The gate looks at connections in turn: once it has refused this one, it has seen that one.
  EXPECT_THAT(ask_raw("\r\n\r\n\r\n\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  EXPECT_THAT(one.response(), StartsWith("HTTP/1.1 200"));
  for (auto& client : many) EXPECT_THAT(client->response(), StartsWith("HTTP/1.1 200"));
  EXPECT_LE(std::ranges::find(order, "127.0.0.3") - order.begin(), 2);
}

}  // namespace
}  // namespace opi::api
