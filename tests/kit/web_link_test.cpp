#include <gtest/gtest.h>

#include <opi/kit/web_link.hpp>

namespace opi::kit {
namespace {

TEST(WebLink, ShowsTheHostThatItLeadsTo) {
  EXPECT_EQ(linkable_host("https://oneprotect.example/alerts/1?x=1#top"), "oneprotect.example");
  EXPECT_EQ(linkable_host("https://oneprotect.example:8443"), "oneprotect.example:8443");
  EXPECT_EQ(linkable_host("https://evil.example#oneprotect.example"), "evil.example");
}

TEST(WebLink, IsNoneForWhatCouldMislead) {
  for (const auto* const url :
       {"http://oneprotect.example/", "javascript:alert(1)", "https://", "https:///path",
        "https://good.example@evil.example/", "https://a.example/|x", "https://a.example/>x", "https://a.example/ x",
        "https://a.example/\n", "https://\u0430.example/", "https://a.example\\@evil.example/"})
    EXPECT_EQ(linkable_host(url), "") << url;
}

TEST(WebLink, HasALimit) {
  const std::string start = "https://a.example/";
  EXPECT_EQ(linkable_host(start + std::string(1024 - start.size(), 'x')), "a.example");
  EXPECT_EQ(linkable_host(start + std::string(1025 - start.size(), 'x')), "");
}

}  // namespace
}  // namespace opi::kit
