#include "api/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "unit/api/api_fixture.hpp"
#include "unit/api/raw_client.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
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
    server_options.timeout = 10s;
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
      server_ = std::make_unique<HttpServer>(routes, tokens, logger, server_options);
      server_->start();
    }
    return *server_;
  }
  std::uint16_t port() { return server().port(); }
  std::string ask_raw(const std::string& request) {
    RawClient client(port());
    client.send(request);
    return client.response();
  }
  std::string post_head(const std::string& fields, const std::string& path = "/echo") {
    return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + fields + "\r\n";
  }
  static std::string sized(std::size_t bytes) { return "Content-Length: " + std::to_string(bytes) + "\r\n"; }
  void expect_alive() { EXPECT_THAT(ask_raw("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 200")); }

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

// Poco closes the connection on these before our code is asked.
TEST_F(Server, LengthsThatAreNoneAreNotServed) {
  for (const char* fields :
       {"Content-Length: abc\r\n", "Content-Length: 0x10\r\n", "Content-Length: 99999999999999999999999\r\n"}) {
    RawClient client(port());
    client.send(post_head(fields));
    EXPECT_THAT(client.rest(), testing::AnyOf(testing::IsEmpty(), StartsWith("HTTP/1.1 4"))) << fields;
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

TEST_F(Server, TooManyOrTooLongHeadersAreRefused) {
  std::string many = "GET /healthz HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 5'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  RawClient client(port());
  client.send(many + "\r\n");
  client.end_sending();
  EXPECT_THAT(client.rest(), Not(StartsWith("HTTP/1.1 2")));
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
  server_options.timeout = 300ms;
  server_options.keep_alive = 300ms;
  RawClient slow_head(port()), slow_body(port()), silent(port());
  slow_head.send("GET /healthz HT");
  slow_body.send(post_head(sized(10)) + "1");
  for (int i = 0; i < 20; ++i) expect_alive();
  EXPECT_THAT(slow_body.rest(), testing::AnyOf(testing::IsEmpty(), StartsWith("HTTP/1.1 400")));
  EXPECT_THAT(slow_head.rest(), Not(StartsWith("HTTP/1.1 2")));
  EXPECT_EQ(silent.rest(), "");
  expect_alive();
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

TEST_F(Server, AnAddressInUseIsNamed) {
  auto second = server_options;
  second.port = port();
  try {
    HttpServer taken(routes, tokens, logger, second);
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(second.port)));
  }
}

}  // namespace
}  // namespace opi::api
