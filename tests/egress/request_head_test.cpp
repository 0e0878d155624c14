#include "egress/request_head.hpp"

#include <gtest/gtest.h>

namespace opi::egress {
namespace {

const Url url = parse_url("http://example.com:81/hook?x=1").url.value();

RequestHead head_of(delivery::HttpRequest request, RequestLimits limits = {}) {
  return write_request_head(request, url, limits, "Agent/1");
}
delivery::HttpRequest with_header(std::string name, std::string value) {
  return {"POST", "", {{std::move(name), std::move(value)}}, "", std::chrono::seconds{1}};
}

TEST(RequestHead, IsWrittenInFull) {
  const auto head = head_of({"POST", "", {{"Content-Type", "application/json"}}, "12345", {}});
  EXPECT_EQ(head.error, "");
  EXPECT_EQ(
      head.bytes,
      "POST /hook?x=1 HTTP/1.1\r\nHost: example.com:81\r\nContent-Type: application/json\r\nUser-Agent: Agent/1\r\n"
      "Content-Length: 5\r\n\r\n");
}

TEST(RequestHead, HasALengthWheneverABodyIsExpected) {
  EXPECT_NE(head_of({"POST", "", {}, "", {}}).bytes.find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_EQ(head_of({"GET", "", {}, "", {}}).bytes.find("Content-Length"), std::string::npos);
  EXPECT_NE(head_of({"DELETE", "", {}, "x", {}}).bytes.find("Content-Length: 1\r\n"), std::string::npos);
}

TEST(RequestHead, KeepsTheRequestsOwnUserAgent) {
  const auto head = head_of(with_header("user-AGENT", "mine"));
  EXPECT_NE(head.bytes.find("user-AGENT: mine\r\n"), std::string::npos);
  EXPECT_EQ(head.bytes.find("Agent/1"), std::string::npos);
}

TEST(RequestHead, RefusesInjection) {
  for (const char* value : {"a\r\nEvil: 1", "a\nEvil: 1", "a\rb", "a\x01", "a\x7f"}) {
    const auto head = head_of(with_header("X-Custom", value));
    EXPECT_EQ(head.bytes, "");
    EXPECT_NE(head.error.find("X-Custom"), std::string::npos);
    EXPECT_EQ(head.error.find("Evil"), std::string::npos);
  }
  EXPECT_NE(head_of(with_header("X-Custom", std::string("a\0b", 3))).error, "");
  for (const char* name : {"", "a b", "a:", "a\r\nb", "a\xc3\xbc", "(a)"})
    EXPECT_NE(head_of(with_header(name, "v")).error, "") << name;
  for (const char* method : {"", "PO ST", "POST\r\n", "CONNECT"})
    EXPECT_NE(head_of({method, "", {}, "", {}}).error, "") << method;
  EXPECT_EQ(head_of(with_header("X-Custom", "tab\tand \xc3\xbc are fine")).error, "");
}

TEST(RequestHead, RefusesTheTransportsOwnHeaders) {
  for (const char* name : {"Host", "content-LENGTH", "Connection", "Transfer-Encoding", "Keep-Alive", "TE",
                           "Proxy-Connection", "Trailer", "Upgrade", "Expect"})
    EXPECT_NE(head_of(with_header(name, "x")).error, "") << name;
}

TEST(RequestHead, LimitsHoldAtTheirEdges) {
  delivery::HttpRequest request{"GET", "", {}, "", {}};
  request.headers.assign(100, {"A", "b"});
  EXPECT_EQ(head_of(request).error, "");
  request.headers.push_back({"A", "b"});
  EXPECT_NE(head_of(request).error, "");

  const std::size_t bare = head_of(with_header("A", "")).bytes.size();
  const std::size_t room = RequestLimits{}.head_bytes - bare;
  EXPECT_EQ(head_of(with_header("A", std::string(room, 'x'))).bytes.size(), RequestLimits{}.head_bytes);
  EXPECT_NE(head_of(with_header("A", std::string(room + 1, 'x'))).error, "");
}

}  // namespace
}  // namespace opi::egress
