#include <gtest/gtest.h>

#include <opi/kit/answer.hpp>
#include <opi/kit/url.hpp>

namespace opi::kit {
namespace {

using namespace std::chrono_literals;

std::string said(std::string_view body) {
  opi_response raw{};
  raw.size = sizeof raw;
  raw.status = 400;
  raw.body = sdk::raw_bytes(body);
  return error_text(sdk::Response(raw));
}

TEST(ErrorText, ReadsTheMembersThatVendorsUse) {
  EXPECT_EQ(said(R"({"errorMessages":["no project"],"errors":{"priority":"is unknown"}})"),
            "no project; priority: is unknown");
  EXPECT_EQ(said(R"({"error":{"message":"No Record found","detail":"ACL"},"status":"failure"})"),
            "No Record found; ACL");
  EXPECT_EQ(
      said(R"({"description":"Validation failed","errors":[{"field":"priority","message":"is bad","code":"x"}]})"),
      "Validation failed; field: priority; is bad; code: x");
  EXPECT_EQ(said(R"(["first","second"])"), "first; second");
}

TEST(ErrorText, TakesPlainTextButNoHtml) {
  EXPECT_EQ(said("invalid_payload\n"), "invalid_payload");
  EXPECT_EQ(said("<html>busy</html>"), "");
  EXPECT_EQ(said(""), "");
}

TEST(ErrorText, IsBoundedWhateverTheAnswerIs) {
  EXPECT_EQ(said("{\"message\":\"" + std::string(400, 'a') + "\"}").size(), 400U);
  EXPECT_LE(said("{\"message\":\"" + std::string(60'000, 'a') + "\"}").size(), 400U);
  EXPECT_LE(said(std::string(60'000, '[')).size(), 400U);
  EXPECT_LE(said(R"({"error":{"a":{"b":{"c":{"d":{"e":"too deep"}}}}}})").size(), 0U);
}

std::chrono::milliseconds waited(std::string_view name, std::string_view value) {
  opi_delivery delivery{};
  delivery.now_unix_ms = 1'800'000'000'000;
  const opi_kv header{sdk::raw(name), sdk::raw(value)};
  opi_response raw{};
  raw.headers = &header;
  raw.n_headers = 1;
  return wait_of(sdk::Delivery(delivery), sdk::Response(raw), {"x-ratelimit-reset"});
}

TEST(Waits, ComeFromRetryAfterAndTheVendorsHeaders) {
  EXPECT_EQ(waited("retry-after", "7"), 7s);
  EXPECT_EQ(waited("x-ratelimit-reset", "30"), 30s);
  EXPECT_EQ(waited("x-ratelimit-reset", "1800000060"), 60s);
  EXPECT_EQ(waited("x-ratelimit-reset", "1799999999"), 0s);
  EXPECT_EQ(waited("x-ratelimit-reset", "2592001"), 0s) << "longer than 30 days is no wait";
  EXPECT_EQ(waited("x-ratelimit-reset", "18446744073709551615"), 0s);
  EXPECT_EQ(waited("x-ratelimit-reset", "soon"), 0s);
}

TEST(Urls, StayBelowTheEndpoint) {
  EXPECT_EQ(url_below("https://a.example/base/", "/x/1?q=.."), "https://a.example/base/x/1?q=..");
  EXPECT_EQ(url_below("https://a.example/base/?v=7", "/x"), "https://a.example/base/x?v=7");
  EXPECT_EQ(url_below("https://a.example?v=7", "/x?q=1"), "https://a.example/x?q=1&v=7");
  EXPECT_THROW(url_below("https://a.example", "/x/../y"), sdk::Failure);
  EXPECT_THROW(url_below("https://a.example", "/x/."), sdk::Failure);
  EXPECT_EQ(origin_of("https://a.example:8443/x/y"), "https://a.example:8443");
}

}  // namespace
}  // namespace opi::kit
