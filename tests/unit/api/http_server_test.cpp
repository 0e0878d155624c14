#include "api/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "unit/api/api_fixture.hpp"
#include "unit/api/raw_client.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::size_t limit = 8 * 1024 * 1024;

// The real server on a free port of loopback; POST /echo answers with the size of the body it got.
class Server : public test::WithApi {
 protected:
  Server() {
    server_options.port = 0;
    server_options.threads = 4;
    server_options.gate.io_timeout = server_options.exchange.io_timeout = 10s;
    routes.add({"POST", "/echo", std::nullopt, [](const Request& request) {
                  return Response{200, "text/plain", std::to_string(request.body.size()), {}};
                }});
    producer = token(Role::producer);
  }
  HttpServer& server() {
    if (!server_) {
      // Submissions are committed by whoever submits: one at a time.
      engine().on_submit = [this] {
        const std::lock_guard lock(committing_);
        engine().intake.run_once();
      };
      server_ = std::make_unique<HttpServer>(handler(), server_options);
      server_->start();
    }
    return *server_;
  }
  std::uint16_t port() { return server().port(); }
  std::string ask_raw(const std::string& request, const char* from = "127.0.0.1") {
    RawClient client(port(), from);
    client.send(request);
    return client.response();
  }
  std::string post_head(const std::string& fields, const std::string& path = "/echo") {
    return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + fields + "\r\n";
  }
  static std::string sized(std::size_t bytes) { return "Content-Length: " + std::to_string(bytes) + "\r\n"; }
  void expect_alive(const char* from = "127.0.0.1") {
    EXPECT_THAT(ask_raw("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", from), StartsWith("HTTP/1.1 200"));
  }

  HttpServer::Options server_options;
  std::string producer;

 private:
  std::mutex committing_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Server, AcceptsAnEvent) {
  const std::string body = envelope("e-1");
  const auto response =
      ask_raw(post_head("Authorization: Bearer " + producer + "\r\n" + sized(body.size()), "/api/v1/events") + body);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 202"));
  EXPECT_THAT(response, HasSubstr(R"("result":"accepted")"));
  EXPECT_THAT(response, HasSubstr("Cache-Control: no-store"));
  EXPECT_THAT(response, HasSubstr("X-Content-Type-Options: nosniff"));
}

TEST_F(Server, HeadAndNotModifiedHaveNoBody) {
  routes.add({"GET", "/cached", std::nullopt, [](const Request& request) {
                Response response{request.if_none_match.empty() ? 200 : 304, "text/plain", "", {}};
                if (response.status == 200) response.body = "text";
                return response;
              }});
  RawClient client(port());
  client.send(
      "HEAD /cached HTTP/1.1\r\nHost: h\r\n\r\nGET /cached HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"x\"\r\n\r\n"
      "GET /cached HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const auto all = client.rest();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(all, HasSubstr("Content-Length: 4\r\n")) << "what GET would send";
  EXPECT_THAT(all, HasSubstr("\r\n\r\nHTTP/1.1 304")) << "no body of HEAD before the next answer";
  EXPECT_THAT(all, EndsWith("\r\n\r\ntext"));
}

TEST_F(Server, ABodyOfTheLimitIsReadAndOneByteMoreIs413) {
  EXPECT_THAT(ask_raw(post_head(sized(limit)) + std::string(limit, 'x')), HasSubstr("\r\n\r\n8388608"));
  // Refused by its head alone; the body would never be read.
  const auto response = ask_raw(post_head(sized(limit + 1)));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(response, HasSubstr("at most 8388608 bytes"));
  EXPECT_THAT(ask_raw(post_head("Content-Length: 99999999999999\r\n")), StartsWith("HTTP/1.1 413"));
}

TEST_F(Server, AChunkedBodyHasTheSameLimit) {
  const auto chunked = [&](std::size_t bytes) {
    std::string request = post_head("Transfer-Encoding: chunked\r\n");
    while (bytes > 0) {
      const std::size_t chunk = std::min<std::size_t>(bytes, 0x10000);
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", chunk);
      request += size + std::string(chunk, 'x') + "\r\n";
      bytes -= chunk;
    }
    return request + "0\r\n\r\n";
  };
  EXPECT_THAT(ask_raw(chunked(3)), HasSubstr("\r\n\r\n3"));
  EXPECT_THAT(ask_raw(chunked(limit)), HasSubstr("\r\n\r\n8388608"));
  EXPECT_THAT(ask_raw(chunked(limit + 1)), StartsWith("HTTP/1.1 413"));
}

TEST_F(Server, ARefusedRequestsUnreadBodyIsNotTakenForTheNext) {
  RawClient client(port());
  client.send(post_head(sized(40), "/api/v1/events") + "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n-------");
  const auto all = client.rest();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(all, HasSubstr("Connection: Close"));
  EXPECT_EQ(all.find("HTTP/1.1", 8), std::string::npos) << all;
}

TEST_F(Server, KeepsTheConnectionAfterAnErrorWhoseBodyWasRead) {
  RawClient client(port());
  const std::string head = post_head("Authorization: Bearer " + producer + "\r\n" + sized(1), "/api/v1/events");
  client.send(head + "{");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 422"));
  client.send("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 404"));
  client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, ABodyThatEndsEarlyIs400) {
  RawClient client(port());
  client.send(post_head(sized(10)) + "12345");
  client.end_sending();
  const auto response = client.response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(response, HasSubstr("ended early"));
}

// Poco tells a lost connection from the last chunk no more than it tells of a malformed chunk; the content does.
TEST_F(Server, AChunkedBodyThatEndsWithinAnEventStoresNothing) {
  const std::string two = envelope("e-1") + "\n" + envelope("e-2");
  for (const auto& [type, body] : {std::pair{"application/json", "[" + envelope("e-1") + ","},
                                   std::pair{"application/x-ndjson", two.substr(0, two.size() - 1)}}) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    RawClient client(port());
    client.send(std::string("POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: ") + type +
                "\r\nAuthorization: Bearer " + producer + "\r\nTransfer-Encoding: chunked\r\n\r\n" + size + body +
                "\r\n");
    client.end_sending();  // without the last chunk
    EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 4")) << type;
  }
  EXPECT_TRUE(deliveries().empty());
}

TEST_F(Server, ARequestWithoutALengthHasNoBody) {
  RawClient client(port());
  client.send(post_head(""));
  EXPECT_THAT(client.response(), HasSubstr("\r\n\r\n0"));
  client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, LengthsThatAreNoneAreNotServed) {
  for (const char* fields :
       {"Content-Length: abc\r\n", "Content-Length: 0x10\r\n", "Content-Length: 99999999999999999999999\r\n",
        "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"}) {
    RawClient client(port());
    client.send(post_head(fields));
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 400")) << fields;
  }
  expect_alive();
}

TEST_F(Server, ATransferCodingThatIsNotChunkedIsRefusedAndEndsTheConnection) {
  for (const char* coding : {"gzip", "gzip, chunked", "identity", "chunked, chunked"}) {
    RawClient client(port());
    client.send(post_head(std::string("Transfer-Encoding: ") + coding + "\r\n") +
                "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto all = client.rest();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 400")) << coding;
    EXPECT_EQ(all.find("HTTP/1.1", 8), std::string::npos) << all;
  }
}

TEST_F(Server, GarbageEndsItsConnectionAndNothingElse) {
  for (const auto& garbage : {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
                              std::string(1'000'000, 'A'), std::string("GET\r\n\r\n"),
                              std::string("GET / HTTP/1.1\r\n: x\r\n\r\n"), std::string(100'000, '\0') + "\r\n\r\n",
                              "GET /healthz HTTP/1.1\r\nX: " + std::string(1'000'000, 'x') + "\r\n\r\n"}) {
    RawClient client(port());
    client.send(garbage);
    client.end_sending();
    EXPECT_THAT(client.rest(), Not(StartsWith("HTTP/1.1 2"))) << garbage.substr(0, 40);
  }
  expect_alive();
}

TEST_F(Server, AHeadHasItsLimits) {
  const auto with_fields = [](int count) {
    std::string head = "GET /healthz HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < count; ++i) head += "X-" + std::to_string(i) + ": y\r\n";
    return head + "\r\n";
  };
  EXPECT_THAT(ask_raw(with_fields(64)), StartsWith("HTTP/1.1 200"));
  const auto many = ask_raw(with_fields(65));
  EXPECT_THAT(many, StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(many, HasSubstr("at most 64 header fields"));
  const auto with_line = [](std::size_t bytes) {
    return "GET /healthz HTTP/1.1\r\nHost: h\r\nX: " + std::string(bytes - 3, 'x') + "\r\n\r\n";
  };
  EXPECT_THAT(ask_raw(with_line(8'192)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask_raw(with_line(8'193)), HasSubstr("at most 8192 bytes"));
  const auto with_bytes = [](std::size_t bytes) {
    const std::string head = "GET /healthz HTTP/1.1\r\nHost: h\r\nX: " + std::string(8'000, 'x') + "\r\nY: ";
    return head + std::string(bytes - head.size() - 4, 'y') + "\r\n\r\n";
  };
  EXPECT_THAT(ask_raw(with_bytes(16'000)), StartsWith("HTTP/1.1 200"));
  const auto large = ask_raw(with_bytes(16'385));
  EXPECT_THAT(large, StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(large, HasSubstr("at most 16384 bytes"));
  // A head that never ends is refused as soon as it is too large.
  RawClient endless(port());
  endless.send("GET /healthz HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x'));
  EXPECT_THAT(endless.rest(), StartsWith("HTTP/1.1 431"));
  expect_alive();
}

TEST_F(Server, ATargetThatIsNoUriIs400) {
  for (const char* target : {"/%zz", "/%", "http://[::1/x"}) {
    const auto response = ask_raw(std::string("GET ") + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(response, testing::AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 404"))) << target;
  }
  expect_alive();
}

TEST_F(Server, WhatARequestNamesBecomesNoHeaderOfTheAnswer) {
  const std::string evil = "%0d%0aX-Evil:%201";
  for (const auto& target : {"/" + evil, "/api/v1/deliveries/" + evil, "/api/v1/deliveries?" + evil + "=1",
                             "/api/v1/deliveries?cursor=" + evil}) {
    const auto response = ask_raw("GET " + target + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
                                  token(Role::operator_) + "\r\n\r\n");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 4")) << target;
    EXPECT_THAT(response, Not(HasSubstr("\nX-Evil"))) << target;
  }
}

TEST_F(Server, ASlowClientIsGivenUpWhileOthersAreServed) {
  server_options.gate.head_timeout = server_options.gate.keep_alive = 300ms;
  server_options.exchange.body_timeout = 300ms;
  RawClient slow_head(port()), slow_body(port()), silent(port()), idle(port());
  slow_head.send("GET /healthz HT");
  slow_body.send(post_head(sized(100'000)) + "1");
  idle.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(idle.response(), StartsWith("HTTP/1.1 200"));
  for (int i = 0; i < 20; ++i) expect_alive();
  const auto body_answer = slow_body.rest();
  EXPECT_THAT(body_answer, StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(body_answer, HasSubstr("The body did not arrive within 300 ms"));
  EXPECT_THAT(slow_head.rest(), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(idle.rest(), "");
  expect_alive();
}

TEST_F(Server, ABodyThatTricklesIsGivenUp) {
  server_options.exchange.body_timeout = 300ms;
  for (const auto& fields : {sized(100'000), std::string("Transfer-Encoding: chunked\r\n")}) {
    RawClient client(port());
    client.send(post_head(fields));
    std::atomic<bool> over = false;
    std::thread trickle([&] {
      while (!over && client.send(fields.starts_with("T") ? "1\r\nx\r\n" : "x")) std::this_thread::sleep_for(5ms);
    });
    EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 408")) << fields;
    over = true;
    trickle.join();
  }
}

// Each of them would have held a thread of four until its timeout.
TEST_F(Server, ThreeHundredSlowClientsDoNotStarveANormalOne) {
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<RawClient>(port(), i % 2 == 0 ? "127.0.0.2" : "127.0.0.3"));
    slow.back()->send(i % 3 == 0 ? "GET /healthz HTTP/1.1\r\nX-" : i % 3 == 1 ? "G" : "");
  }
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    slow[static_cast<std::size_t>(i) * 3]->send("a");
    expect_alive();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  slow[0]->send(": b\r\nHost: h\r\n\r\n");
  EXPECT_THAT(slow[0]->response(), StartsWith("HTTP/1.1 200")) << "slow is not refused";
}

// The one body that is read from strangers.
TEST_F(Server, SlowSignInsDoNotStarveANormalClient) {
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
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) expect_alive();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  slow[0]->send(std::string(16 * 1024 - 1, ' '));
  EXPECT_THAT(slow[0]->response(), StartsWith("HTTP/1.1 422"));
}

TEST_F(Server, ASmallBodyThatDoesNotComeIs408) {
  server_options.gate.head_timeout = 200ms;
  RawClient client(port());
  client.send(post_head(sized(10)) + "12345");
  EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 408"));
}

TEST_F(Server, IdleConnectionsHoldNoThread) {
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(std::make_unique<RawClient>(port()));
  for (int round = 0; round < 3; ++round)
    for (auto& client : idle) {
      client->send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_THAT(client->response(), StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(Server, OneAddressHasItsShareOfTheConnections) {
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

TEST_F(Server, ThereAreAtMostSoManyConnections) {
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

TEST_F(Server, PipelinedRequestsAreAnsweredInOrder) {
  RawClient client(port());
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += post_head(sized(static_cast<std::size_t>(i))) + std::string(static_cast<std::size_t>(i), 'x');
  client.send(all + "GET /healthz HTTP/1.1\r\nHo");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.response().ends_with("\r\n\r\n" + std::to_string(i))) << i;
  client.send("st: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200")) << "begun among the others";
}

TEST_F(Server, AHeadMayComeByteByByteAndAfterEmptyLines) {
  RawClient client(port());
  for (const char c : std::string("\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")) client.send({&c, 1});
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, EmptyLinesDoNotProlongTheTimeForAHead) {
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

TEST_F(Server, ABodyIsAskedForOnlyWhenItIsWanted) {
  RawClient client(port());
  client.send(post_head("Expect: 100-continue\r\n" + sized(3)));
  EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.response(), HasSubstr("\r\n\r\n3"));
  RawClient unwelcome(port());
  unwelcome.send(post_head("Expect: 100-continue\r\n" + sized(3), "/api/v1/events"));
  EXPECT_THAT(unwelcome.rest(), StartsWith("HTTP/1.1 401"));
}

TEST_F(Server, AnHttp10ClientIsServedAndLeft) {
  RawClient client(port());
  client.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.rest(), HasSubstr(" 200 "));
}

TEST_F(Server, ASignInWorksOverTheWire) {
  const auto signed_in = ask_raw("POST /api/v1/session HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + producer +
                                 "\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(signed_in, StartsWith("HTTP/1.1 201"));
  const auto cookie = signed_in.substr(signed_in.find("opi_session="), 12 + 43);
  const auto me = ask_raw("GET /api/v1/session HTTP/1.1\r\nHost: h\r\nCookie: " + cookie + "\r\n\r\n");
  EXPECT_THAT(me, StartsWith("HTTP/1.1 200"));
  const auto csrf = me.substr(me.find("\"csrf_token\":\"") + 14, 43);
  RawClient client(port());
  client.send("DELETE /api/v1/session HTTP/1.1\r\nHost: h\r\nCookie: " + cookie + "\r\nX-CSRF-Token: " + csrf +
              "\r\n\r\n");
  const auto gone = client.response();
  EXPECT_THAT(gone, StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(gone, Not(HasSubstr("Content-Length")));
  client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200")) << "the connection goes on after an answer without a body";
}

TEST_F(Server, ABodyOfASignInHasASmallLimit) {
  const auto response = ask_raw(post_head(sized(16 * 1024 + 1), "/api/v1/session"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(response, HasSubstr("at most 16384 bytes"));
}

TEST_F(Server, StopLetsARequestUnderWayFinish) {
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false, go = false;
  routes.add({"GET", "/slow", std::nullopt, [&](const Request&) {
                std::unique_lock lock(mutex);
                inside = true;
                changed.notify_all();
                EXPECT_TRUE(changed.wait_for(lock, 20s, [&] { return go; }));
                return Response{200, "text/plain", "finished", {}};
              }});
  RawClient client(port());
  client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, 20s, [&] { return inside; }));
  }
  std::thread stopper([&] { server().stop(); });
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  EXPECT_THAT(client.response(), HasSubstr("finished"));
  stopper.join();
  server().stop();
}

TEST_F(Server, AfterAStopNobodyIsLeftWaiting) {
  const auto own = port();
  RawClient idle(own);
  idle.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(idle.response(), StartsWith("HTTP/1.1 200"));
  server().stop();
  EXPECT_EQ(idle.rest(), "");
  EXPECT_THROW(RawClient late(own), std::runtime_error);
}

TEST_F(Server, AnAddressInUseIsNamed) {
  auto second = server_options;
  second.port = port();
  try {
    HttpServer taken(handler(), second);
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(second.port)));
  }
}

}  // namespace
}  // namespace opi::api
