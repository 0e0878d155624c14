#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "unit/api/server_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using testing::HasSubstr;
using testing::StartsWith;
using RequestBody = test::WithServer;

constexpr std::size_t limit = 8 * 1024 * 1024;

TEST_F(RequestBody, ABodyOfTheLimitIsReadAndOneByteMoreIs413) {
  EXPECT_THAT(ask_raw(post_head(sized(limit)) + std::string(limit, 'x')), HasSubstr("\r\n\r\n8388608"));
  // Refused by its head alone; the body would never be read.
  const auto response = ask_raw(post_head(sized(limit + 1)));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(response, HasSubstr("at most 8388608 bytes"));
  EXPECT_THAT(ask_raw(post_head("Content-Length: 99999999999999\r\n")), StartsWith("HTTP/1.1 413"));
}

TEST_F(RequestBody, AChunkedBodyHasTheSameLimit) {
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

TEST_F(RequestBody, ARefusedRequestsUnreadBodyIsNotTakenForTheNext) {
  RawClient client(port());
  client.send(post_head(sized(40), "/api/v1/events") + "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n-------");
  const auto all = client.rest();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(all, HasSubstr("Connection: Close"));
  EXPECT_EQ(all.find("HTTP/1.1", 8), std::string::npos) << all;
}

TEST_F(RequestBody, KeepsTheConnectionAfterAnErrorWhoseBodyWasRead) {
  RawClient client(port());
  const std::string head = post_head("Authorization: Bearer " + producer + "\r\n" + sized(1), "/api/v1/events");
  client.send(head + "{");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 422"));
  client.send("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 404"));
  client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(RequestBody, ABodyThatEndsEarlyIs400) {
  RawClient client(port());
  client.send(post_head(sized(10)) + "12345");
  client.end_sending();
  const auto response = client.response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(response, HasSubstr("ended early"));
}

// Also where what came before is whole: an array, or an event on a line of its own.
TEST_F(RequestBody, AChunkedBodyWithoutItsLastChunkIs400AndStoresNothing) {
  for (const auto& [type, body] : {std::pair{"application/json", "[" + envelope("e-1") + "]"},
                                   std::pair{"application/x-ndjson", envelope("e-1") + "\n"}}) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    const std::string whole = size + body + "\r\n";
    const std::string in_mid_chunk = "ffff\r\n" + body;
    for (const auto& sent : {whole, whole + "0", whole + "0\r\n", in_mid_chunk}) {
      RawClient client(port());
      client.send(std::string("POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: ") + type +
                  "\r\nAuthorization: Bearer " + producer + "\r\nTransfer-Encoding: chunked\r\n\r\n" + sent);
      client.end_sending();
      const auto response = client.response();
      EXPECT_THAT(response, StartsWith("HTTP/1.1 400")) << sent;
      EXPECT_THAT(response, HasSubstr("ended early")) << sent;
    }
  }
  EXPECT_TRUE(deliveries().empty());
}

TEST_F(RequestBody, MalformedChunksAre400AndEndTheConnection) {
  for (const char* chunks : {"x\r\n", "1\nx\r\n0\r\n\r\n", "1\r\nxx\r\n0\r\n\r\n", "123456789\r\n"}) {
    RawClient client(port());
    client.send(post_head("Transfer-Encoding: chunked\r\n") + chunks + "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto all = client.rest();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 400")) << chunks;
    EXPECT_EQ(all.find("HTTP/1.1", 8), std::string::npos) << all;
  }
}

TEST_F(RequestBody, AfterAChunkedBodyTheConnectionGoesOn) {
  RawClient client(port());
  client.send(post_head("Transfer-Encoding: chunked\r\n") +
              "0003;a=b\r\nabc\r\n0\r\nX-Trailer: y\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), HasSubstr("\r\n\r\n3"));
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200"));
}

// Wherever anyone may come, no more is read than is collected with a head.
TEST_F(RequestBody, AStrangersBodyIsSmall) {
  for (const char* method : {"GET", "HEAD"})
    for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
      const auto head = std::string(method) + " " + path + " HTTP/1.1\r\nHost: h\r\n";
      EXPECT_THAT(ask_raw(head + sized(16 * 1024 + 1) + "\r\n"), StartsWith("HTTP/1.1 413")) << head;
      EXPECT_THAT(ask_raw(head + "Transfer-Encoding: chunked\r\n\r\n"), StartsWith("HTTP/1.1 411")) << head;
    }
}

TEST_F(RequestBody, ARequestWithoutALengthHasNoBody) {
  RawClient client(port());
  client.send(post_head(""));
  EXPECT_THAT(client.response(), HasSubstr("\r\n\r\n0"));
  client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(RequestBody, LengthsThatAreNoneAreNotServed) {
  for (const char* fields :
       {"Content-Length: abc\r\n", "Content-Length: 0x10\r\n", "Content-Length: 99999999999999999999999\r\n",
        "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"}) {
    RawClient client(port());
    client.send(post_head(fields));
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 400")) << fields;
  }
  expect_alive();
}

TEST_F(RequestBody, ATransferCodingThatIsNotChunkedIsRefusedAndEndsTheConnection) {
  for (const char* coding : {"gzip", "gzip, chunked", "identity", "chunked, chunked"}) {
    RawClient client(port());
    client.send(post_head(std::string("Transfer-Encoding: ") + coding + "\r\n") +
                "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto all = client.rest();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 400")) << coding;
    EXPECT_EQ(all.find("HTTP/1.1", 8), std::string::npos) << all;
  }
}

TEST_F(RequestBody, ABodyIsAskedForOnlyWhenItIsWanted) {
  RawClient client(port());
  client.send(post_head("Expect: 100-continue\r\n" + sized(3)));
  EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.response(), HasSubstr("\r\n\r\n3"));
  RawClient unwelcome(port());
  unwelcome.send(post_head("Expect: 100-continue\r\n" + sized(3), "/api/v1/events"));
  EXPECT_THAT(unwelcome.rest(), StartsWith("HTTP/1.1 401"));
}

TEST_F(RequestBody, ABodyOfASignInHasASmallLimit) {
  const auto response = ask_raw(post_head(sized(16 * 1024 + 1), "/api/v1/session"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(response, HasSubstr("at most 16384 bytes"));
}

TEST_F(RequestBody, ABodyThatTricklesIsGivenUp) {
  server_options.gate.body_timeout = 300ms;
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

TEST_F(RequestBody, ASmallBodyThatDoesNotComeIs408) {
  server_options.gate.head_timeout = 200ms;
  RawClient client(port());
  client.send(post_head(sized(10)) + "12345");
  EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 408"));
}

}  // namespace
}  // namespace opi::api
