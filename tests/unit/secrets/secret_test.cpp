#include "secrets/secret.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <cstring>
#include <ostream>
#include <string>
#include <type_traits>

#include "secrets/scrub.hpp"
#include "telemetry/logger.hpp"

namespace opi::secrets {
namespace {

template <class T>
concept Printable = requires(std::ostream& stream, const T& value) {
  stream << value;
};

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
static_assert(Printable<std::string> && !Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<telemetry::Field, std::string_view, const Secret&>);
static_assert(!std::equality_comparable<Secret>, "a comparison would not be constant-time");

std::string text(const Secret& secret) {
  const auto bytes = secret.reveal();
  return {bytes.begin(), bytes.end()};
}

TEST(Secret, HoldsItsBytes) {
  EXPECT_EQ(text(Secret{std::string_view{"a\0b", 3}}), (std::string{"a\0b", 3}));
  EXPECT_TRUE(Secret{}.empty());
  EXPECT_TRUE(Secret{std::string_view{}}.empty());
  EXPECT_FALSE(Secret{std::string_view{"x"}}.empty());
}

TEST(Secret, ReservedSpaceIsZeroedAndWritable) {
  Secret secret(std::size_t{5000});
  EXPECT_EQ(text(secret), std::string(5000, '\0'));
  std::memset(secret.writable().data(), 'x', 5000);
  EXPECT_EQ(text(secret), std::string(5000, 'x'));
}

TEST(Secret, MovesLeaveNothingBehind) {
  Secret first{std::string_view{"first"}};
  const auto* place = first.reveal().data();
  Secret second{std::move(first)};
  EXPECT_EQ(second.reveal().data(), place);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
  Secret third{std::string_view{"third"}};
  third = std::move(second);
  EXPECT_EQ(text(third), "first");
  auto& itself = third;
  third = std::move(itself);
  EXPECT_EQ(text(third), "first");
}

TEST(Secret, HasALimit) {
  EXPECT_EQ(Secret(Secret::max_bytes).reveal().size(), 65536u);
  EXPECT_THROW(Secret(Secret::max_bytes + 1), std::length_error);
  EXPECT_THROW(Secret(std::string_view{std::string(Secret::max_bytes + 1, 'x')}), std::length_error);
}

SecretSet set_of(std::initializer_list<const char*> values) {
  SecretSet set;
  set.purposes.push_back({"signing", {}, {}});
  for (const char* value : values)
    set.purposes.back().versions.push_back({std::make_shared<const Secret>(std::string_view{value}), "1"});
  return set;
}

std::string scrubbed(std::string input, const SecretSet& set) {
  scrub(input, set);
  return input;
}

TEST(Scrub, ReplacesEveryOccurrenceOfEveryLiveVersion) {
  const auto set = set_of({"new-secret", "old-secret"});
  EXPECT_EQ(scrubbed("a new-secret b old-secret c new-secret", set), "a [redacted] b [redacted] c [redacted]");
  EXPECT_EQ(scrubbed("new-secretnew-secret", set), "[redacted][redacted]");
  EXPECT_EQ(scrubbed("nothing here", set), "nothing here");
  EXPECT_EQ(scrubbed("", set), "");
}

TEST(Scrub, KnowsAWebhookSecretWithoutItsPrefix) {
  const auto set = set_of({"whsec_MfKQ9r8GKYqr"});
  EXPECT_EQ(scrubbed("key MfKQ9r8GKYqr and whsec_MfKQ9r8GKYqr", set), "key [redacted] and [redacted]");
}

TEST(Scrub, KnowsTheFormsInWhichAReceiverMayRepeatASecret) {
  const auto set = set_of({"p/q+r=s t-123"});
  EXPECT_EQ(scrubbed("hex 702f712b723d7320742d313233.", set), "hex [redacted].");
  EXPECT_EQ(scrubbed("hex 702F712B723D7320742D313233.", set), "hex [redacted].");
  EXPECT_EQ(scrubbed("query p%2Fq%2Br%3Ds%20t-123.", set), "query [redacted].");
  EXPECT_EQ(scrubbed("query p%2fq%2br%3ds%20t-123.", set), "query [redacted].");
  EXPECT_EQ(scrubbed(R"(json p\/q+r=s t-123.)", set), "json [redacted].");
  // "Basic" of user:secret, and of the same at the two other places modulo 3; only digits of neighbours stay.
  for (const char* encoded :
       {"cC9xK3I9cyB0LTEyMw==", "dXNlcjpwL3Ercj1zIHQtMTIz", "dTpwL3Ercj1zIHQtMTIz", "eHA6cC9xK3I9cyB0LTEyMzp4"}) {
    const auto left = scrubbed(encoded, set);
    EXPECT_NE(left.find("[redacted]"), std::string::npos) << encoded;
    EXPECT_LE(left.size(), std::string_view{"[redacted]"}.size() + 12) << left;
  }
}

TEST(Scrub, KnowsTheKeyThatAWebhookSecretEncodes) {
  const auto set = set_of({"whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u"});
  EXPECT_EQ(scrubbed("raw 0123456789abcdefghijklmn, hex 303132333435363738396162636465666768696a6b6c6d6e", set),
            "raw [redacted], hex [redacted]");
}

TEST(Scrub, TakesMoreThanSecrets) {
  const std::vector<std::string> more{"T0123ABCD456", "short"};
  std::string text = "at /services/T0123ABCD456?x=short";
  scrub(text, {}, more);
  EXPECT_EQ(text, "at /services/[redacted]?x=short");
}

TEST(Scrub, LeavesValuesShorterThanSixBytes) {
  EXPECT_EQ(scrubbed("a 12345 b", set_of({"12345"})), "a 12345 b");
  EXPECT_EQ(scrubbed("a 123456 b", set_of({"123456"})), "a [redacted] b");
}

TEST(Scrub, ASecretInsideAnotherLeavesNoRemainder) {
  for (const auto& set : {set_of({"secret", "xx-secret-yy"}), set_of({"xx-secret-yy", "secret"})})
    EXPECT_EQ(scrubbed("got xx-secret-yy and secret", set), "got [redacted] and [redacted]");
}

}  // namespace
}  // namespace opi::secrets
