#include "egress/url.hpp"

#include <gtest/gtest.h>

namespace opi::egress {
namespace {

std::string fault(std::string_view text) {
  const auto parsed = parse_url(text);
  EXPECT_NE(parsed.url.has_value(), !parsed.error.empty()) << text;
  return parsed.error;
}

TEST(Url, IsTakenApart) {
  const auto plain = parse_url("http://Example.COM/a/b?c=d&e=%20").url.value();
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "example.com");
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.target, "/a/b?c=d&e=%20");
  EXPECT_EQ(plain.authority(), "example.com");
  EXPECT_FALSE(plain.literal);

  const auto tls = parse_url("HTTPS://hooks.example.com:8443").url.value();
  EXPECT_TRUE(tls.tls);
  EXPECT_EQ(tls.port, 8443);
  EXPECT_EQ(tls.target, "/");
  EXPECT_EQ(tls.authority(), "hooks.example.com:8443");

  const auto v6 = parse_url("http://[2001:DB8:0::1]:81?x").url.value();
  EXPECT_EQ(v6.host, "2001:db8::1");
  EXPECT_EQ(v6.authority(), "[2001:db8::1]:81");
  EXPECT_EQ(v6.target, "/?x");
  ASSERT_TRUE(v6.literal);
  EXPECT_EQ(v6.literal->to_string(), "2001:db8::1");

  const auto v4 = parse_url("https://10.0.0.1/").url.value();
  ASSERT_TRUE(v4.literal);
  EXPECT_EQ(v4.literal->to_string(), "10.0.0.1");
}

TEST(Url, OriginsDifferByScheme_HostAndPort) {
  const auto origin = [](const char* text) { return parse_url(text).url.value().origin(); };
  EXPECT_EQ(origin("http://a/x"), origin("http://A:80/y"));
  EXPECT_NE(origin("http://a"), origin("https://a:80"));
  EXPECT_NE(origin("http://a"), origin("http://a:8080"));
  EXPECT_NE(origin("http://a"), origin("http://b"));
}

TEST(Url, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const char* bad : {
           "",
           "example.com",
           "//example.com/",
           "ftp://example.com/",
           "file:///etc/passwd",
           "http:example.com",
           "http:/example.com",
           "http://",
           "http:///path",
           "javascript:alert(1)",
           " http://example.com",
           "http://user@example.com/",
           "http://user:pass@example.com/",
           "http://example.com@10.0.0.1/",
           "http://example.com/#fragment",
           "http://example.com#@evil/",
           "http://example.com\\@evil/",
           "http://example.com/a b",
           "http://example.com/a\r\nHost: evil",
           "http://example.com/\t",
           "http://exa mple.com/",
           "http://example.com/%zz",
           "http://example.com/%4",
           "http://example.com/%",
           "http://ex%61mple.com/",
           "http://b\xc3\xbc"
           "cher.example/",
           "http://example.com/\xc3\xbc",
           "http://example.com./",
           "http://.example.com/",
           "http://a..b/",
           "http://-a.b/",
           "http://a-.b/",
           "http://a.b:/",
           "http://a.b:0/",
           "http://a.b:65536/",
           "http://a.b:080/",
           "http://a.b:8a/",
           "http://a.b:+80/",
           "http://a.b:80:80/",
           "http://[::1/",
           "http://[::1]x/",
           "http://[fe80::1%25eth0]/",
           "http://[127.0.0.1]/",
           "http://::1/",
           "http://[]/",
           "http://a,b/",
           "http://a;b/",
           "http://a*b/",
       })
    EXPECT_NE(fault(bad), "") << bad;
}

TEST(Url, RefusesObscureIpv4Forms) {
  for (const char* bad : {"http://0x7f.1/", "http://0x7f000001/", "http://2130706433/", "http://127.1/",
                          "http://127.0.0.1./", "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.01/",
                          "http://1.2.3.4.5/", "http://256.0.0.1/", "http://127.0.0.0x1/", "http://a.1/", "http://0x/",
                          "http://1.2.3.0X4/", "http://%31%32%37.0.0.1/", "http://\xef\xbc\x91.0.0.1/"})
    EXPECT_NE(fault(bad), "") << bad;
  for (const char* good : {"http://a.1b/", "http://1a/", "http://127.0.0.1.example.com/", "http://0xy/"})
    EXPECT_EQ(fault(good), "") << good;
}

TEST(Url, LimitsHoldAtTheirEdges) {
  const std::string label(63, 'a');
  EXPECT_EQ(fault("http://" + label + ".b/"), "");
  EXPECT_NE(fault("http://" + label + "a.b/"), "");
  std::string host;
  while (host.size() < 253 - 2) host += "a.";
  host += host.size() == 252 ? "b" : "bb";
  host.resize(253, 'c');
  EXPECT_EQ(fault("http://" + host + "/"), "");
  EXPECT_NE(fault("http://" + host + "c/"), "");
  const std::string start = "http://a/";
  EXPECT_EQ(fault(start + std::string(Url::max_length - start.size(), 'p')), "");
  EXPECT_NE(fault(start + std::string(Url::max_length - start.size() + 1, 'p')), "");
  EXPECT_EQ(fault("http://a:65535/"), "");
  EXPECT_EQ(fault("http://a:1/"), "");
}

TEST(Url, ErrorsRepeatNothingOfTheUrl) {
  EXPECT_EQ(fault("http://user:hunter2@example.com/").find("hunter2"), std::string::npos);
  EXPECT_EQ(fault("http://example.com/?token=s3cret#x").find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace opi::egress
