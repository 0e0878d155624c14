#include "secrets/secret.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <cstring>
#include <ostream>
#include <string>
#include <type_traits>

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

}  // namespace
}  // namespace opi::secrets
