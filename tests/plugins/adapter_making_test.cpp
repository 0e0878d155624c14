#include <gmock/gmock.h>

#include <deque>
#include <system_error>

#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Instances of plugins in this process, which are made when the test says so: until then they are like ones whose
// plugin takes for ever.
class Making : public ::testing::Test {
 protected:
  struct Job {
    std::function<void()> blocking, after;
  };
  Making() {
    lab_.add(OPI_TEST_ODD);
    lab_.add(OPI_TEST_WEBHOOK);
    host_ = lab_.load();
    PluginAdapterRegistry::Options options;
    options.executor = [this](std::function<void()> blocking, std::function<void()> after) {
      if (std::exchange(has_no_thread_, false)) throw std::system_error(EAGAIN, std::generic_category());
      jobs_.push_back({std::move(blocking), std::move(after)});
    };
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, options, lab_.logger());
    registry_->on_ready([this](const DestinationId& id) { ready_.push_back(id); });
  }
  Destination destination(const std::string& tenant, const std::string& adapter = "odd",
                          const std::string& config = R"({"mood":"fine"})") {
    Destination made;
    made.id = *DestinationId::parse("00000000-0000-4000-8000-0000000000" + std::to_string(10 + made_++));
    made.tenant_id = *TenantId::parse(tenant);
    made.adapter = adapter;
    made.endpoint = "https://receiver.example/hook";
    made.config = config;
    return made;
  }
  bool is_pending(const Destination& at) {
    const auto found = registry_->find(at);
    EXPECT_FALSE(found.pending && found.adapter);
    return found.pending;
  }
  void run(std::size_t job = 0) {
    auto one = std::move(jobs_.at(job));
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(job));
    one.blocking();
    one.after();
  }

  PluginLab lab_;
  std::unique_ptr<PluginHost> host_;
  std::unique_ptr<PluginAdapterRegistry> registry_;
  std::deque<Job> jobs_;
  std::vector<DestinationId> ready_;
  bool has_no_thread_ = false;
  int made_ = 0;
};

TEST_F(Making, NobodyWaitsForThePluginAndIsToldWhenToAskAgain) {
  const auto one = destination("acme");
  EXPECT_TRUE(is_pending(one));
  EXPECT_TRUE(is_pending(one));
  EXPECT_THAT(jobs_, SizeIs(1)) << "it is made once";
  EXPECT_THAT(ready_, IsEmpty());
  run();
  EXPECT_THAT(ready_, ElementsAre(one.id));
  EXPECT_TRUE(registry_->find(one).adapter);
  EXPECT_THAT(jobs_, IsEmpty());
}

TEST_F(Making, TenantsTakeTurns) {
  const auto a = destination("slow"), b = destination("slow"), c = destination("slow"), other = destination("well");
  for (const auto* const at : {&a, &b, &c, &other}) EXPECT_TRUE(is_pending(*at));
  EXPECT_THAT(jobs_, SizeIs(1)) << "one at a time";
  while (!jobs_.empty()) run();
  EXPECT_THAT(ready_, ElementsAre(a.id, b.id, other.id, c.id));
}

TEST_F(Making, APluginThatTakesForEverHoldsUpNoOther) {
  const auto stuck = destination("slow"), other = destination("well", "webhook", "{}");
  EXPECT_TRUE(is_pending(stuck));
  EXPECT_TRUE(is_pending(other));
  ASSERT_THAT(jobs_, SizeIs(2));
  run(1);
  EXPECT_THAT(ready_, ElementsAre(other.id));
  EXPECT_TRUE(registry_->find(other).adapter);
  EXPECT_TRUE(is_pending(stuck));
}

TEST_F(Making, AnotherRevisionIsMadeAnew) {
  auto one = destination("acme");
  EXPECT_TRUE(is_pending(one));
  one.revision = 7;
  EXPECT_TRUE(is_pending(one));
  run();
  EXPECT_TRUE(is_pending(one));
  run();
  EXPECT_TRUE(registry_->find(one).adapter);
}

TEST_F(Making, WhatThePluginRefusesIsHeldFromThenOn) {
  const auto refused = destination("acme", "odd", R"({"mood":"refuse"})");
  EXPECT_TRUE(is_pending(refused));
  run();
  EXPECT_THAT(ready_, ElementsAre(refused.id));
  EXPECT_THAT(registry_->find(refused).held_reason, HasSubstr("was refused"));
}

TEST_F(Making, WithoutAThreadItIsHeldAndTriedAgain) {
  const auto one = destination("acme");
  has_no_thread_ = true;
  EXPECT_TRUE(is_pending(one));
  EXPECT_THAT(ready_, ElementsAre(one.id));
  EXPECT_THAT(registry_->find(one).held_reason, HasSubstr("cannot be made just now"));
  EXPECT_TRUE(is_pending(one));
  run();
  EXPECT_TRUE(registry_->find(one).adapter);
}

TEST_F(Making, WhatIsLetGoOfEndsElsewhere) {
  const auto one = destination("acme");
  (void)registry_->find(one);
  run();
  registry_->keep_only({});
  EXPECT_THAT(jobs_, SizeIs(1));
}

}  // namespace
}  // namespace opi::plugins::testing
