#include "node/secret_refresh.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace opi::node {
namespace {

namespace fs = std::filesystem;

class SecretRefresh : public testing::Test {
 protected:
  static std::string id(int n) {
    auto text = "0192f000-0000-7000-8000-" + std::string(12, '0');
    const auto digits = std::to_string(n);
    return text.replace(text.size() - digits.size(), digits.size(), digits);
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(state), fs::directory_iterator()));
  }
  void ask(int n) const { write_refresh_request(state, {id(n), "unix:root", {{}, "mem://app/" + std::to_string(n)}}); }

  test::TemporaryFolder folder;
  const fs::path state = folder.path();
};

TEST_F(SecretRefresh, CallsAtTheSameTimeAllHaveTheirAnswers) {
  for (const int n : {1, 2}) ask(n);
  for (int i = 0; i < 2; ++i) {
    const auto request = take_refresh_request(state);
    ASSERT_TRUE(request);
    const int n = request->id == id(1) ? 1 : 2;
    EXPECT_EQ(request->id, id(n));
    EXPECT_EQ(request->scope.reference, "mem://app/" + std::to_string(n));
    write_refresh_answer(state, request->id, {n, 0, 0, 0, n});
  }
  EXPECT_FALSE(take_refresh_request(state));
  for (const int n : {2, 1}) {
    const auto answer = take_refresh_answer(state, id(n));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->destinations, n);
    EXPECT_EQ(answer->unanswered, n);
    EXPECT_FALSE(take_refresh_answer(state, id(n)));
  }
  EXPECT_EQ(files(), 0u);
}

// Root writes into a folder of the daemon's user.
TEST_F(SecretRefresh, NothingIsWrittenThroughALink) {
  const fs::path victim = folder.path().string() + "-victim";
  std::ofstream(victim) << "as it was";
  fs::create_symlink(victim, state / ("secrets-refresh-" + id(1) + ".json.part"));
  EXPECT_THROW(ask(1), std::runtime_error);
  std::ifstream stream(victim);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), "as it was");
  fs::remove(victim);
}

TEST_F(SecretRefresh, NoMoreThanSoManyWait) {
  for (std::size_t n = 0; n < max_refresh_requests; ++n) ask(static_cast<int>(n));
  EXPECT_THROW(ask(999), std::runtime_error);
  EXPECT_TRUE(take_refresh_request(state));
  EXPECT_NO_THROW(ask(999));
}

TEST_F(SecretRefresh, WhatNobodyWaitsForAnyMoreIsRemoved) {
  ask(1);
  write_refresh_answer(state, id(2), {});
  for (const auto& file : fs::directory_iterator(state))
    fs::last_write_time(file, fs::file_time_type::clock::now() - refresh_file_lifetime - std::chrono::seconds{1});
  EXPECT_FALSE(take_refresh_request(state));
  EXPECT_EQ(files(), 0u);
}

TEST_F(SecretRefresh, WhatMakesNoSenseIsTakenAwayAndToldOf) {
  std::ofstream(state / ("secrets-refresh-" + id(1) + ".json")) << "{";
  EXPECT_THROW(take_refresh_request(state), std::runtime_error);
  std::ofstream(state / ("secrets-refresh-" + id(1) + ".json")) << R"({"id":"../elsewhere"})";
  EXPECT_THROW(take_refresh_request(state), std::runtime_error);
  EXPECT_FALSE(take_refresh_request(state));
  EXPECT_THROW(write_refresh_answer(state, "../elsewhere", {}), std::runtime_error);
}

}  // namespace
}  // namespace opi::node
