#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "unit/api/server_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Server = test::WithServer;

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

TEST_F(Server, WhoeverStillSendsWhenPatienceIsOverIsCutOff) {
  server_options.gate.body_timeout = server_options.gate.head_timeout = std::chrono::hours{1};
  server_options.gate.rate_grace = std::chrono::hours{1};
  const auto own = port();
  RawClient sender(own);
  sender.send(post_head(sized(100'000) + "Expect: 100-continue\r\n"));
  ASSERT_THAT(sender.beginning(), StartsWith("HTTP/1.1 100"));
  server().request_stop(std::chrono::steady_clock::now());
  server().stop();
  EXPECT_THAT(sender.rest(), Not(HasSubstr("200")));
}

// While it waits for the last answers, the kernel does not accept in its name.
TEST_F(Server, WhoeverComesAfterTheRequestToStopIsRefusedAtOnce) {
  server_options.gate.body_timeout = std::chrono::hours{1};
  server_options.gate.rate_grace = std::chrono::hours{1};
  const auto own = port();
  RawClient sender(own);
  sender.send(post_head(sized(100'000) + "Expect: 100-continue\r\n"));
  ASSERT_THAT(sender.beginning(), StartsWith("HTTP/1.1 100"));
  server().request_stop(std::chrono::steady_clock::now() + std::chrono::hours{1});
  bool refused = false;
  while (!refused) try {
      const RawClient late(own);
    } catch (const std::runtime_error&) {
      refused = true;
    }
  sender.send(std::string(100'000, 'x'));
  EXPECT_THAT(sender.rest(), HasSubstr("100000")) << "what is under way gets its answer";
  server().stop();
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
