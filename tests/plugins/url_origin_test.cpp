#include "plugins/url_origin.hpp"

#include <gtest/gtest.h>

namespace opi::plugins {
namespace {

TEST(UrlOrigin, IsSchemeHostAndPort) {
  EXPECT_EQ(parse_origin("HTTPS://Example.COM/a?b"), (UrlOrigin{true, "example.com", 443}));
  EXPECT_EQ(parse_origin("http://[::1]:8080"), (UrlOrigin{false, "[::1]", 8080}));
  EXPECT_EQ(parse_origin("http://a?x=http://b"), (UrlOrigin{false, "a", 80}));
  EXPECT_EQ(parse_origin("http://a:65535/"), (UrlOrigin{false, "a", 65535}));
}

TEST(UrlOrigin, HasNoneOfWhatCouldBeReadInTwoWays) {
  for (const auto* const url : {"",
                                "a",
                                "/x",
                                "ftp://a",
                                "http:/a",
                                "http://",
                                "http:///x",
                                "http://u@a/",
                                "http://u:p@a/",
                                "http://a#b",
                                "http://a b",
                                "http://a\\b",
                                "http://a:0/",
                                "http://a:65536/",
                                "http://a:x/",
                                "http://a:/",
                                "http://[::1",
                                "http://[::1]x/",
                                "http://ä/",
                                "http://a:-1"})
    EXPECT_EQ(parse_origin(url), std::nullopt) << url;
}

TEST(Egress, CoversWhatThePatternsSayAndNoMore) {
  const auto origin = [](const char* url) { return *parse_origin(url); };
  const auto endpoint = parse_origin("http://hook.example:8080/x");
  EXPECT_TRUE(egress_covers({"{endpoint}"}, origin("http://hook.example:8080/y"), endpoint));
  for (const auto* const url : {"http://hook.example/y", "https://hook.example:8080/y", "http://evil.example:8080/"})
    EXPECT_FALSE(egress_covers({"{endpoint}"}, origin(url), endpoint)) << url;
  EXPECT_FALSE(egress_covers({"{endpoint}"}, origin("http://a"), std::nullopt));
  EXPECT_TRUE(egress_covers({"*.example.net"}, origin("https://eu.example.net/"), endpoint));
  for (const auto* const url : {"https://example.net/", "https://.example.net/", "https://evilexample.net/",
                                "http://eu.example.net/", "https://eu.example.net:444/"})
    EXPECT_FALSE(egress_covers({"*.example.net"}, origin(url), endpoint)) << url;
  EXPECT_TRUE(egress_covers({"a.example"}, origin("https://A.example/"), endpoint));
  EXPECT_TRUE(egress_covers({"*"}, origin("http://anything:1/"), endpoint));
}

}  // namespace
}  // namespace opi::plugins
