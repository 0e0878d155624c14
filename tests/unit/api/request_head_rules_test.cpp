#include "api/request_head_rules.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

#include "api/remote_address.hpp"

namespace opi::api {
namespace {

std::string judged(const std::string& head) {
  const auto judged = judge_head(head);
  const auto* problem = std::get_if<Problem>(&judged);
  return problem != nullptr ? std::to_string(problem->status) + " " + problem->detail : "";
}
std::string with(const std::string& fields) { return judged("GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"); }
std::string line(const std::string& text) { return judged(text + "\r\nHost: h\r\n\r\n"); }

TEST(RequestHead, EndsAtItsEmptyLine) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(end_of_head(head), head.size());
  EXPECT_EQ(end_of_head(head + "body\r\n\r\n"), head.size());
  for (std::size_t length = 0; length < head.size(); ++length) {
    EXPECT_FALSE(end_of_head(head.substr(0, length)));
    EXPECT_EQ(end_of_head(head, length), head.size()) << "what was looked at ended within the end, too";
  }
}

TEST(RequestHead, ThatIsGoodIsServed) {
  EXPECT_EQ(with(""), "");
  EXPECT_EQ(with("X-Any_thing.1: \t any \xc3\xa4 value; a=\"b\" \r\nEmpty:\r\n"), "");
  EXPECT_EQ(with("Content-Length: 5\r\n"), "");
  EXPECT_EQ(with("Transfer-Encoding: Chunked\r\n"), "");
  EXPECT_EQ(with("Accept: a\r\nAccept: b\r\n"), "");
  EXPECT_EQ(judged("GET / HTTP/1.0\r\n\r\n"), "");
  EXPECT_EQ(line("OPTIONS * HTTP/1.1"), "");
}

TEST(RequestHead, ARequestLineHasOneForm) {
  const std::string wrong = "400 The request line is not 'METHOD target HTTP/1.1'";
  for (const char* text : {"GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /a b HTTP/1.1",
                           "GET / HTTP/2.0", "GET / http/1.1", "GET / HTTP/1.10", "G@T / HTTP/1.1", "GET /\t HTTP/1.1",
                           "GET /\x01 HTTP/1.1", "GET /\n HTTP/1.1", "\x16\x03\x01 / HTTP/1.1", ""})
    EXPECT_EQ(line(text), wrong) << text;
  EXPECT_EQ(line(std::string(32, 'A') + " / HTTP/1.1"), "");
  EXPECT_EQ(line(std::string(33, 'A') + " / HTTP/1.1"), wrong);
}

TEST(RequestHead, AHeaderLineHasOneForm) {
  const std::string wrong = "400 A header line is not 'Name: value'";
  for (const char* text : {"X\r\n", ": y\r\n", "X : y\r\n", " X: y\r\n", "X: y\r\n folded\r\n", "X: y\r\n\tfolded\r\n",
                           "X\ny: z\r\n", "X(y): z\r\n"})
    EXPECT_EQ(with(text), wrong) << text;
  EXPECT_EQ(with(std::string(256, 'x') + ": y\r\n"), "");
  EXPECT_EQ(with(std::string(257, 'x') + ": y\r\n"), wrong);
  for (const auto& text : {std::string("X: a\nY: b\r\n"), std::string("X: a\rY: b\r\n"), std::string("X: a\0b\r\n", 8),
                           std::string("X: \x7f\r\n")})
    EXPECT_EQ(with(text), "400 A header value holds control characters");
}

TEST(RequestHead, WhatTwoReadersCouldTakeInTwoWaysIsRefused) {
  EXPECT_EQ(with("Host: other\r\n"), "400 The header host stands there twice");
  EXPECT_EQ(with("Content-Length: 1\r\ncontent-length: 1\r\n"), "400 The header content-length stands there twice");
  EXPECT_EQ(with("Authorization: a\r\nAUTHORIZATION: b\r\n"), "400 The header authorization stands there twice");
  EXPECT_EQ(with("Cookie: a=b\r\nCookie: c=d\r\n"), "400 The header cookie stands there twice");
  EXPECT_EQ(with("X-Tenant-Id: a\r\nX-Tenant-Id: b\r\n"), "400 The header x-tenant-id stands there twice");
  const std::string both = "400 Transfer-Encoding does not go with Content-Length or HTTP/1.0";
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), both);
  EXPECT_EQ(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), both);
  EXPECT_EQ(judged("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), both);
  for (const char* length : {"", "-1", "+1", "1,1", "1 1", "0x1", "1e3", "1234567890123456789"})
    EXPECT_EQ(with("Content-Length: " + std::string(length) + "\r\n"), "400 Content-Length is not a number") << length;
  for (const char* coding : {"", "gzip", "chunked, chunked", "xchunked", "chunked;q=1"})
    EXPECT_EQ(with("Transfer-Encoding: " + std::string(coding) + "\r\n"),
              "400 The only transfer coding that is understood is chunked");
  EXPECT_EQ(judged("GET / HTTP/1.1\r\n\r\n"), "400 The header Host is missing");
}

Framing framing(const std::string& fields, const std::string& version = "1.1") {
  return std::get<Framing>(judge_head("POST / HTTP/" + version + "\r\nHost: h\r\n" + fields + "\r\n"));
}

TEST(RequestHead, TellsOfTheBody) {
  EXPECT_EQ(framing(""), Framing{});
  EXPECT_EQ(framing("content-LENGTH: \t 100 \r\n").length, 100u);
  EXPECT_EQ(framing("X: Content-Length: 5\r\n").length, 0u);
  EXPECT_EQ(framing("Content-Length: 999999999999999999\r\n").length, 999'999'999'999'999'999u);
  EXPECT_TRUE(framing("Transfer-Encoding: Chunked\r\n").chunked);
  EXPECT_TRUE(framing("Expect: 100-Continue\r\n").expects_continue);
  EXPECT_FALSE(framing("Expect: something else\r\n").expects_continue);
  EXPECT_FALSE(framing("Expect: 100-continue\r\n", "1.0").expects_continue) << "HTTP/1.0 knows no interim answer";
}

TEST(RequestHead, TellsWhetherTheConnectionGoesOn) {
  for (const char* fields : {"", "Connection: keep-alive\r\n", "Connection: upgrade\r\n", "Connection: closed\r\n"})
    EXPECT_TRUE(framing(fields).keep_alive) << fields;
  for (const char* fields : {"Connection: close\r\n", "Connection: Close\r\n", "Connection: te, close\r\n",
                             "Connection: keep-alive\r\nConnection: close\r\n"})
    EXPECT_FALSE(framing(fields).keep_alive) << fields;
  EXPECT_FALSE(framing("", "1.0").keep_alive);
  EXPECT_TRUE(framing("Connection: Keep-Alive\r\n", "1.0").keep_alive);
}

TEST(RequestHead, OnlyASmallBodyThatComesByItselfIsCollected) {
  EXPECT_TRUE(framing("").is_collected());
  EXPECT_TRUE(framing("Content-Length: 16384\r\n").is_collected());
  EXPECT_FALSE(framing("Content-Length: 16385\r\n").is_collected());
  EXPECT_FALSE(framing("Content-Length: 5\r\nExpect: 100-continue\r\n").is_collected());
  EXPECT_FALSE(framing("Transfer-Encoding: chunked\r\n").is_collected());
}

TEST(RequestHead, ABodyIsJudgedByItsLimit) {
  const auto status = [](const std::string& fields, std::size_t most) {
    const auto problem = judge_body(framing(fields), most);
    return problem ? problem->status : 0;
  };
  EXPECT_EQ(status("Content-Length: 100\r\n", 100), 0);
  EXPECT_EQ(status("Content-Length: 101\r\n", 100), 413);
  for (const char* later : {"Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n"}) {
    EXPECT_EQ(status(later, HeadLimits::collected_body_bytes), 411) << later;
    EXPECT_EQ(status(later, HeadLimits::collected_body_bytes + 1), 0) << later;
  }
  EXPECT_EQ(status("Expect: 100-continue\r\n", 100), 0) << "there is no body";
}

std::string address_of(int family, const char* text) {
  sockaddr_storage peer{};
  if (family == AF_INET) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    inet_pton(AF_INET, text, &v4.sin_addr);
    std::memcpy(&peer, &v4, sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    inet_pton(AF_INET6, text, &v6.sin6_addr);
    std::memcpy(&peer, &v6, sizeof v6);
  }
  return remote_address(peer);
}

TEST(RemoteAddress, IsWhatOneMachineCannotChange) {
  EXPECT_EQ(address_of(AF_INET, "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_of(AF_INET6, "::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_of(AF_INET6, "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(address_of(AF_INET6, "2001:db8:1:2:ffff::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(address_of(AF_INET6, "::1"), "::/64");
}

}  // namespace
}  // namespace opi::api
