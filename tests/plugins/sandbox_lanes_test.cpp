#include "plugins/sandbox_lanes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <future>

#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using std::chrono::steady_clock;

// The processes of a plugin, of which none is ever run.
class Lanes : public ::testing::Test {
 protected:
  using Held = std::shared_ptr<Sandbox>;

  std::shared_ptr<Sandbox> make() {
    ++made_;
    return std::make_shared<Sandbox>(SandboxOptions{}, Sandbox::Plugin{"test.lanes", "test", OPI_ABI_MINOR, {}},
                                     Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)), Sandbox::Hooks{}, logger_);
  }
  // Null unless there is one at once.
  Held take(const char* tenant, bool slow) { return take(tenant, slow, steady_clock::now()); }
  Held take(const char* tenant, bool slow, steady_clock::time_point until) {
    std::string why;
    auto held = lanes_->take(*TenantId::parse(tenant), slow, until, why);
    EXPECT_EQ(held == nullptr, !why.empty());
    return held;
  }
  std::vector<Held> take_all(const char* tenant, bool slow) {
    std::vector<Held> all;
    while (auto one = take(tenant, slow)) all.push_back(std::move(one));
    return all;
  }

  RecordingLogger logger_;
  std::size_t made_ = 0;
  std::shared_ptr<SandboxLanes> lanes_ =
      std::make_shared<SandboxLanes>([this] { return make(); }, std::vector<std::string>{});
};

TEST_F(Lanes, OneServesWhereThereIsLittleToDo) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(take("acme", true));
  EXPECT_EQ(made_, 1u);
}

TEST_F(Lanes, WhoeverComesFindsOneAtOnceWhateverATenantHolds) {
  const auto slow = take_all("globex", true);
  EXPECT_EQ(slow.size(), SandboxLanes::most - 2) << "one is left to others, and one to quick calls";
  const auto quick = take("globex", false);
  EXPECT_TRUE(quick) << "its own quick calls are in none's way";
  EXPECT_FALSE(take("globex", false));
  EXPECT_TRUE(take("acme", true));
  EXPECT_TRUE(take("acme", false));
}

TEST_F(Lanes, QuickCallsLeaveOneToOthersToo) {
  const auto quick = take_all("globex", false);
  EXPECT_EQ(quick.size(), SandboxLanes::most - 1);
  EXPECT_TRUE(take("acme", true));
}

TEST_F(Lanes, WhatIsGivenBackGoesToWhoHoldsNone) {
  auto globex = take_all("globex", true);
  auto acme = take("acme", true);
  ASSERT_TRUE(acme);
  const auto later = steady_clock::now() + std::chrono::minutes{5};
  auto more = std::async(std::launch::async, [&] { return take("globex", true, later); });
  auto other = std::async(std::launch::async, [&] { return take("initech", true, later); });
  globex.pop_back();
  auto held = other.get();
  EXPECT_TRUE(held);
  globex.clear(), acme = held = nullptr;
  EXPECT_TRUE(more.get());
}

TEST_F(Lanes, WhoWaitsIsToldOfTheEnd) {
  const auto globex = take_all("globex", true);
  auto more = std::async(std::launch::async,
                         [&] { return take("globex", true, steady_clock::now() + std::chrono::minutes{5}); });
  lanes_->stop();
  EXPECT_FALSE(more.get());
}

}  // namespace
}  // namespace opi::plugins::testing
