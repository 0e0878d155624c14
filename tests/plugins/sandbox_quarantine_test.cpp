#include <atomic>
#include <future>
#include <thread>

#include "plugins/sandbox_fixture.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(Sandboxed, ADeathBetweenTwoCallsCostsNoneAndCounts) {
  const auto good = place("fine");
  for (std::size_t deaths = 1; deaths <= 2; ++deaths) {
    EXPECT_TRUE(render(good).ok);
    for (const auto child : children()) ::kill(child, SIGKILL);
    while (host_->crashes().size() < deaths) std::this_thread::yield();
    EXPECT_EQ(host_->crashes().back().phase, "idle");
  }
  EXPECT_THAT(render(good).held, HasSubstr("\"test.rogue\" is quarantined"));
  EXPECT_THAT(registry_->find(good.destination).held_reason, HasSubstr("\"test.rogue\" is quarantined"));

  registry_.reset();
  host_.reset();
  host_ = lab_.load(options());
  EXPECT_THAT(host_->loaded(), IsEmpty());
  EXPECT_EQ(host_->refused().front().code, "L402");
  host_.reset();
  auto released = options();
  released.release = {"test.rogue"};
  host_ = lab_.load(released);
  EXPECT_THAT(host_->loaded(), SizeIs(1));
}

// Of those in a tenant's calls.
TEST_F(Sandboxed, TheSecondDeathWithinTenMinutesQuarantinesForThatTenantUntilReleased) {
  const auto bad = place("crash"), good = place("fine");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto other = place("fine");
  (void)render(bad);
  EXPECT_FALSE(render(bad).ok);
  const auto held = registry_->find(good.destination);
  EXPECT_EQ(held.adapter, nullptr);
  EXPECT_THAT(held.held_reason,
              AllOf(HasSubstr("\"test.rogue\" is quarantined for this tenant"), HasSubstr("died (SIGSEGV)")));
  EXPECT_THAT(render(good).held, HasSubstr("is quarantined")) << "what is under way costs no attempt";
  EXPECT_THAT(lab_.logger().text(), HasSubstr("plugin.quarantined"));
  EXPECT_TRUE(render(other).ok);
  EXPECT_EQ(registry_->find(other.destination).held_reason, "");

  load(options());
  EXPECT_THAT(registry_->find(good.destination).held_reason, HasSubstr("is quarantined for this tenant"));
  EXPECT_EQ(registry_->find(other.destination).held_reason, "");
  auto released = options();
  released.release = {"test.rogue"};
  load(released);
  EXPECT_EQ(registry_->find(good.destination).held_reason, "");
}

// It is the code that tried, whosever data it had: not even a process of one's own is to be trusted to it.
TEST_F(Sandboxed, AForbiddenSystemCallQuarantinesForAllTenantsAtOnceUntilReleased) {
#ifdef OPI_SHADOW_MEMORY
  GTEST_SKIP() << "sanitizers need what confinement forbids";
#else
  for (const bool per_tenant : {false, true})
    for (const auto* mood : {"open a socket", "open a file"}) {  // killed by the kernel, and by the daemon that it asks
      SCOPED_TRACE(std::string(mood) + (per_tenant ? ", with a process for each tenant" : ""));
      fs::remove_all(lab_.state());
      auto asked = options();
      asked.process_per_tenant = per_tenant;
      load(asked);
      event_.tenant_id = *TenantId::parse("nordlicht");
      const auto other = place("fine");
      EXPECT_TRUE(render(other).ok);
      event_.tenant_id = *TenantId::parse("acme");
      const auto bad = place(mood);
      EXPECT_THAT(render(bad).error, HasSubstr("for a system call that no plugin may make"));
      EXPECT_THAT(host_->crashes(), SizeIs(1));
      for (const auto* const at : {&bad, &other}) {
        EXPECT_THAT(registry_->find(at->destination).held_reason,
                    AllOf(HasSubstr("\"test.rogue\" is quarantined, for it tried what no plugin may do"),
                          HasSubstr("for a system call that no plugin may make")));
        EXPECT_THAT(render(*at).held, HasSubstr("is quarantined")) << "what is under way costs no attempt";
      }
      EXPECT_THAT(lab_.logger().text(), HasSubstr("plugin.quarantined"));

      load(asked);
      ASSERT_THAT(host_->refused(), SizeIs(1));
      EXPECT_EQ(host_->refused().front().code, "L402");
      asked.release = {"test.rogue"};
      load(asked);
      EXPECT_EQ(registry_->find(other.destination).held_reason, "");
    }
#endif
}

// It costs the others two deaths, and then nothing: the rest of its calls is held.
TEST_F(Sandboxed, ATenantWhoseCallsSpinIsHeldForItselfAlone) {
  const auto bad = place("spin");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto good = place("fine");
  constexpr int calls = 40;
  std::atomic<int> lost = 0, held = 0, served = 0;
  std::promise<void> all;
  const auto count = [&](const delivery::Rendering& rendering) {
    ++(rendering.ok ? served : rendering.held.empty() ? lost : held);
    if (lost + held + served == 2 * calls) all.set_value();
  };
  for (int i = 0; i < calls; ++i)
    for (const auto* const at : {&bad, &good})
      at->adapter->begin_render({event_, at->destination, delivery_, key_}, secrets_, count);
  all.get_future().wait();
  EXPECT_EQ(served, calls);
  EXPECT_EQ(lost, 2);
  EXPECT_EQ(held, calls - 2);
  EXPECT_THAT(host_->crashes(), SizeIs(2));
  EXPECT_THAT(registry_->find(bad.destination).held_reason, HasSubstr("is quarantined for this tenant"));
  EXPECT_EQ(registry_->find(good.destination).held_reason, "");
}

TEST_F(Sandboxed, WithAProcessForEachTenantTheDeathsOfOneAreItsOwn) {
  auto asked = options();
  asked.process_per_tenant = true;
  load(asked);
  const auto bad = place("crash"), fine = place("fine");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto other = place("fine");
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(render(bad).ok);
  EXPECT_THAT(registry_->find(fine.destination).held_reason, HasSubstr("is quarantined for this tenant"));
  EXPECT_TRUE(render(other).ok);
  EXPECT_EQ(registry_->find(other.destination).held_reason, "");

  // So it is after a restart, and until it is released.
  load(asked);
  EXPECT_THAT(host_->loaded(), SizeIs(1));
  EXPECT_THAT(registry_->find(fine.destination).held_reason, HasSubstr("is quarantined for this tenant"));
  const auto adapter = registry_->find(other.destination).adapter;
  ASSERT_TRUE(adapter);
  EXPECT_TRUE(adapter->render({event_, other.destination, delivery_, key_}, secrets_).ok);
}

}  // namespace
}  // namespace opi::plugins::testing
