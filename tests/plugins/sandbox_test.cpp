#include <gmock/gmock.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "crypto/digest.hpp"
#include "foundation/mutex.hpp"
#include "plugins/plugin_adapter.hpp"
#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPI_SHADOW_MEMORY 1  // the process is not confined then
#endif

namespace opi::plugins::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The processes that this one has started.
std::vector<pid_t> children() {
  std::vector<pid_t> all;
  for (const auto& thread : fs::directory_iterator("/proc/self/task")) {
    std::ifstream list(thread.path() / "children");
    for (pid_t one = 0; list >> one;) all.push_back(one);
  }
  return all;
}

// Destinations of the plugin "rogue", which runs in a process of its own and does as a configuration says.
class Sandboxed : public ::testing::Test {
 protected:
  Sandboxed() {
    lab_.add(OPI_TEST_ROGUE);
    event_.tenant_id = *TenantId::parse("acme");
    event_.event_id = *EventId::parse("evt-1");
    event_.payload = R"({"a":1})";
  }
  PluginHost::Options options() {
    auto options = lab_.options();
    options.isolation = IsolationRule::process;
    options.sandbox.program = OPI_TEST_PLUGIN_HOST;
    options.sandbox.call_deadline = milliseconds{300};
    options.sandbox.memory_bytes = std::uint64_t{256} << 20;
    return options;
  }
  void load() {
    host_ = lab_.load(options());
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  }
  struct Place {
    Destination destination;
    std::shared_ptr<const delivery::Adapter> adapter;
  };
  // A destination of a mood; in interpret() if it is late.
  Place place(const std::string& mood, bool late = false) {
    if (!host_) load();
    Place made;
    made.destination.id = *DestinationId::parse("00000000-0000-4000-8000-0000000000" + std::to_string(10 + places_++));
    made.destination.tenant_id = event_.tenant_id;
    made.destination.adapter = "rogue";
    made.destination.endpoint = "https://receiver.example:8443/hook";
    made.destination.config = R"({"mood":")" + mood + "\"" + (late ? R"(,"late":true)" : "") + "}";
    auto found = registry_->find(made.destination);
    made.adapter = found.adapter;
    EXPECT_EQ(found.held_reason, "");
    return made;
  }
  delivery::Rendering render(const Place& at) {
    return at.adapter->render({event_, at.destination, delivery_, key_}, secrets_);
  }
  Outcome interpret(const Place& at) {
    delivery::HttpResponse response;
    response.status = 200;
    return at.adapter->interpret({event_, at.destination, delivery_, key_}, response);
  }
  // One delivery of this mood fails as `why` says, and what comes next is served by the next process.
  void expect_death(const std::string& mood, const std::string& why) {
    SCOPED_TRACE(mood);
    host_.reset();
    fs::remove_all(lab_.state());
    load();
    const auto bad = place(mood), good = place("fine");
    ASSERT_TRUE(render(good).ok);
    const auto rendering = render(bad);
    EXPECT_FALSE(rendering.ok);
    EXPECT_TRUE(rendering.retryable);
    EXPECT_EQ(rendering.held, "");
    EXPECT_THAT(rendering.error, AllOf(HasSubstr("the plugin's process "), HasSubstr(why)));
    EXPECT_TRUE(render(good).ok) << "the next process serves";
    EXPECT_THAT(host_->crashes(), SizeIs(1));
  }

  PluginLab lab_;
  std::unique_ptr<PluginHost> host_;
  std::unique_ptr<PluginAdapterRegistry> registry_;
  Event event_;
  DeliveryId delivery_;
  IdempotencyKey key_;
  secrets::SecretSet secrets_;
  int places_ = 0;
};

TEST_F(Sandboxed, RendersAndJudgesAsInTheDaemon) {
  const auto fine = place("fine");
  const auto rendering = render(fine);
  ASSERT_TRUE(rendering.ok) << rendering.error;
  EXPECT_EQ(rendering.request.url, "https://receiver.example:8443/hook");
  EXPECT_EQ(rendering.request.body, R"({"a":1})");
  EXPECT_EQ(interpret(fine).verdict, Verdict::delivered);
  EXPECT_EQ(host_->loaded().front()->isolation(), Isolation::process);
}

TEST_F(Sandboxed, ADeathCostsOneCallAndNamesItsCause) {
  expect_death("crash", "died (SIGSEGV)");
  expect_death("abort", "died (SIGABRT)");
  expect_death("exit", "ended with status 3");
  expect_death("scribble nonsense", "broke the protocol");
  expect_death("scribble zeros", "broke the protocol");
  expect_death("scribble without end", "broke the protocol");
  expect_death("close the socket", "");
  expect_death("spin", "did not answer within 300 ms");
}

TEST_F(Sandboxed, NothingOfTheWorldIsInReach) {
#ifdef OPI_SHADOW_MEMORY
  GTEST_SKIP() << "sanitizers need what confinement forbids";
#else
  for (const auto* mood : {"open a file", "list a folder", "write a file", "open a socket", "fork", "run a program",
                           "kill the daemon", "make code", "wait"})
    expect_death(mood, "for a system call that no plugin may make");
#endif
}

TEST_F(Sandboxed, KnowsNoEnvironment) {
  EXPECT_THAT(render(place("tell the environment")).error, HasSubstr("environment: nothing"));
  EXPECT_THAT(render(place("tell the home")).error, HasSubstr("homeless"));
}

TEST_F(Sandboxed, ConstructorsReadLibrariesAlone) {
#ifdef OPI_SHADOW_MEMORY
  GTEST_SKIP() << "sanitizers need what confinement forbids";
#else
  if (::syscall(__NR_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
    GTEST_SKIP() << "the kernel has no Landlock";
  EXPECT_THAT(render(place("tell what was read")).error,
              HasSubstr("/etc/passwd closed; /proc/self/maps closed; /usr/lib/os-release read; "));
#endif
}

// A constructor that does not return, and tells the daemon by itself that all went well, gains nothing by it.
TEST_F(Sandboxed, AConstructorThatSpeaksForTheHostIsAsConfinedAsAnyPlugin) {
#ifdef OPI_SHADOW_MEMORY
  GTEST_SKIP() << "sanitizers need what confinement forbids";
#else
  lab_.add(OPI_TEST_SQUATTER);
  load();
  ASSERT_THAT(host_->refused(), IsEmpty());
  auto squatted = place("fine");
  squatted.destination.adapter = "squatter";
  squatted.destination.config = "{}";
  squatted.destination.id = *DestinationId::parse("00000000-0000-4000-8000-000000000099");
  squatted.adapter = registry_->find(squatted.destination).adapter;
  ASSERT_TRUE(squatted.adapter);
  EXPECT_THAT(render(squatted).error, HasSubstr("was killed for a system call that no plugin may make"));
#endif
}

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

// As a service manager stops all processes of a service, or a terminal those of a job.
TEST_F(Sandboxed, APoliteSignalEndsNoProcess) {
  const auto good = place("fine");
  EXPECT_TRUE(render(good).ok);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2})
    for (const auto child : children()) ::kill(child, signal);
  EXPECT_TRUE(render(good).ok);
  EXPECT_THAT(host_->crashes(), IsEmpty());
}

TEST_F(Sandboxed, MemoryEndsAtItsLimit) {
#ifdef OPI_SHADOW_MEMORY
  GTEST_SKIP() << "sanitizers map more than any limit";
#else
  auto patient = options();
  patient.sandbox.call_deadline = milliseconds{30'000};  // filling memory takes its time on a busy machine
  host_ = lab_.load(patient);
  registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  const auto bad = place("leak"), good = place("fine");
  const auto rendering = render(bad);
  EXPECT_FALSE(rendering.ok);
  EXPECT_TRUE(rendering.retryable);
  EXPECT_TRUE(render(good).ok);
  EXPECT_THAT(lab_.logger().text(), HasSubstr("plugin.process_died plugin=test.rogue"));
  EXPECT_THAT(lab_.logger().text(), HasSubstr("ran out of memory"));
#endif
}

TEST_F(Sandboxed, ADeathInInterpretIsTheAdaptersFault) {
  const auto outcome = interpret(place("crash", true));
  EXPECT_EQ(outcome.verdict, Verdict::retry);
  EXPECT_EQ(outcome.reason, "adapter_fault");
  EXPECT_THAT(outcome.detail, HasSubstr("the plugin's process died (SIGSEGV)"));
}

TEST_F(Sandboxed, CallsBehindAFatalOneReachTheNextProcess) {
  const auto bad = place("spin"), good = place("fine");
  std::promise<bool> spun;
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_,
                            [&](delivery::Rendering&& rendering) { spun.set_value(rendering.ok); });
  constexpr int behind = 100;  // more than the process is given at a time
  std::atomic<int> served = 0;
  std::promise<void> all;
  for (int i = 0; i < behind; ++i)
    good.adapter->begin_render({event_, good.destination, delivery_, key_}, secrets_,
                               [&](delivery::Rendering&& rendering) {
                                 EXPECT_TRUE(rendering.ok) << rendering.error;
                                 if (++served == behind) all.set_value();
                               });
  EXPECT_FALSE(spun.get_future().get());
  all.get_future().wait();
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

  const auto restart = [&](const PluginHost::Options& with) {
    registry_.reset();
    host_.reset();
    host_ = lab_.load(with);
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  };
  restart(options());
  EXPECT_THAT(registry_->find(good.destination).held_reason, HasSubstr("is quarantined for this tenant"));
  EXPECT_EQ(registry_->find(other.destination).held_reason, "");
  auto released = options();
  released.release = {"test.rogue"};
  restart(released);
  EXPECT_EQ(registry_->find(good.destination).held_reason, "");
}

// Whoever comes beside a tenant that has much to ask goes first once the process is free: nothing of the other one's
// was given to it beside the call that it is in.
TEST_F(Sandboxed, BehindATenantWithManyCallsAnotherHasTheNextTurn) {
  const auto bad = place("spin"), many = place("fine");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto other = place("fine");
  constexpr std::size_t calls = 99;
  Mutex mutex;
  std::vector<std::string> order;
  std::promise<void> all;
  const auto noting = [&](const std::string& whose) {
    return [&, whose](delivery::Rendering&& rendering) {
      EXPECT_EQ(rendering.ok, whose != "bad") << rendering.error;
      const Lock lock(mutex);
      order.push_back(whose);
      if (order.size() == calls + 2) all.set_value();
    };
  };
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_, noting("bad"));
  for (std::size_t i = 0; i < calls; ++i)
    many.adapter->begin_render({event_, many.destination, delivery_, key_}, secrets_, noting("many"));
  other.adapter->begin_render({event_, other.destination, delivery_, key_}, secrets_, noting("other"));
  all.get_future().wait();
  EXPECT_EQ(order.at(0), "bad");
  EXPECT_EQ(order.at(1), "other");
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

TEST_F(Sandboxed, OneTenantLeavesRoomInTheQueueToOthers) {
  auto few = options();
  few.sandbox.waiting_calls = 8;
  host_ = lab_.load(few);
  registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  const auto bad = place("spin"), many = place("fine");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto other = place("fine");
  std::atomic<int> answered = 0, held = 0;
  std::promise<void> all;
  const auto count = [&](delivery::Rendering&& rendering) {
    if (!rendering.held.empty()) ++held;
    if (++answered == 9) all.set_value();
  };
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_, count);
  for (int i = 0; i < 7; ++i) many.adapter->begin_render({event_, many.destination, delivery_, key_}, secrets_, count);
  EXPECT_EQ(held, 1) << "alone, it has all but one";
  other.adapter->begin_render({event_, other.destination, delivery_, key_}, secrets_, count);
  all.get_future().wait();
  EXPECT_EQ(held, 1);
}

// It must not throw; if it does, it is logged, and costs no other call.
TEST_F(Sandboxed, ACallerThatThrowsEndsNothing) {
  const auto good = place("fine");
  good.adapter->begin_render({event_, good.destination, delivery_, key_}, secrets_,
                             [](delivery::Rendering&&) { throw std::runtime_error("thrown"); });
  good.adapter->begin_render({event_, good.destination, delivery_, key_}, secrets_,
                             [](delivery::Rendering&&) { throw 7; });
  EXPECT_TRUE(render(good).ok);
  EXPECT_THAT(lab_.logger().text(), AllOf(HasSubstr("plugin.caller_failed"), HasSubstr("thrown")));
  EXPECT_THAT(host_->crashes(), IsEmpty());
}

TEST_F(Sandboxed, ARefusedConfigurationHoldsItsDestinationAlone) {
  const auto refused = place("refuse");
  EXPECT_EQ(render(refused).held, "mood: is not welcome here");
  EXPECT_TRUE(render(place("fine")).ok);
}

TEST_F(Sandboxed, ACrashInCreateCostsTheCallThatNeededIt) {
  const auto bad = place("crash in create");
  EXPECT_THAT(render(bad).error, HasSubstr("died (SIGSEGV)"));
  EXPECT_TRUE(render(place("fine")).ok);
}

TEST_F(Sandboxed, BeyondItsQueueCallsAreHeld) {
  auto few = options();
  few.sandbox.waiting_calls = 3;
  host_ = lab_.load(few);
  registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  const auto bad = place("spin"), good = place("fine");
  std::atomic<int> held = 0, answered = 0;
  std::promise<void> all;
  const auto count = [&](delivery::Rendering&& rendering) {
    if (!rendering.held.empty()) ++held;
    if (++answered == 4) all.set_value();
  };
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_, count);
  for (int i = 0; i < 3; ++i) good.adapter->begin_render({event_, good.destination, delivery_, key_}, secrets_, count);
  all.get_future().wait();
  EXPECT_EQ(held, 1);
}

TEST_F(Sandboxed, StoppingAnswersWhatIsUnderWay) {
  const auto bad = place("spin");
  std::promise<std::string> held;
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_,
                            [&](delivery::Rendering&& rendering) { held.set_value(rendering.held); });
  host_->stop();
  EXPECT_EQ(held.get_future().get(), "the plugin is being stopped");
  EXPECT_EQ(render(bad).held, "the plugin is being stopped");
}

TEST_F(Sandboxed, AProgramThatIsNotThereRefusesThePlugin) {
  auto without = options();
  without.sandbox.program = "/nonexistent/opi-plugin-host";
  host_ = lab_.load(without);
  EXPECT_THAT(host_->loaded(), IsEmpty());
  EXPECT_EQ(host_->refused().front().code, "L704");
  EXPECT_THAT(host_->refused().front().message, HasSubstr("/nonexistent/opi-plugin-host"));
}

TEST_F(Sandboxed, TheRuleSaysWhereAPluginRuns) {
  struct Digests {
    std::vector<std::string> pinned, shipped, named;
  };
  const auto where = [&](IsolationRule rule, const Digests& digests) {
    fs::remove_all(lab_.state());
    auto asked = options();
    asked.isolation = rule;
    asked.pinned_sha256 = digests.pinned;
    asked.shipped_sha256 = digests.shipped;
    asked.in_process_sha256 = digests.named;
    return lab_.load(asked)->loaded().front()->isolation();
  };
  const std::vector<std::string> own{crypto::to_hex(crypto::sha256(read_file(OPI_TEST_ROGUE)))};
  const std::vector<std::string> other{std::string(64, '0')};
  EXPECT_EQ(where(IsolationRule::automatic, {}), Isolation::process) << "root's file, and nobody vouches for it";
  EXPECT_EQ(where(IsolationRule::automatic, {own, {}, {}}), Isolation::process) << "to be loaded is not to be trusted";
  EXPECT_EQ(where(IsolationRule::automatic, {{}, other, other}), Isolation::process);
  EXPECT_EQ(where(IsolationRule::automatic, {{}, own, {}}), Isolation::in_process);
  EXPECT_EQ(where(IsolationRule::automatic, {{}, {}, own}), Isolation::in_process);
  EXPECT_EQ(where(IsolationRule::process, {{}, {}, own}), Isolation::in_process);
  EXPECT_EQ(where(IsolationRule::process, {{}, own, {}}), Isolation::process);
  EXPECT_EQ(where(IsolationRule::in_process, {}), Isolation::in_process);
}

TEST_F(Sandboxed, ASecretProviderRunsInTheDaemonOnlyIfItsDigestSaysSo) {
  fs::remove_all(lab_.plugins());
  fs::create_directory(lab_.plugins());
  lab_.add(OPI_TEST_ODD);  // an adapter that offers secrets beside
  const auto own = crypto::to_hex(crypto::sha256(read_file(OPI_TEST_ODD)));
  for (const auto rule : {IsolationRule::automatic, IsolationRule::process}) {
    auto asked = options();
    asked.isolation = rule;
    host_.reset();
    host_ = lab_.load(asked);
    ASSERT_THAT(host_->loaded(), SizeIs(1));
    EXPECT_EQ(host_->loaded().front()->isolation(), Isolation::process);
    asked.in_process_sha256 = {own};
    host_.reset();
    host_ = lab_.load(asked);
    ASSERT_THAT(host_->loaded(), SizeIs(1));
    EXPECT_EQ(host_->loaded().front()->isolation(), Isolation::in_process);
  }
}

TEST_F(Sandboxed, WithAProcessForEachTenantNothingIsHeardOfTheOther) {
  const auto heard_of_another = [&](bool per_tenant) {
    fs::remove_all(lab_.state());
    auto asked = options();
    asked.process_per_tenant = per_tenant;
    registry_.reset();
    host_.reset();
    host_ = lab_.load(asked);
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
    event_.tenant_id = *TenantId::parse("acme");
    event_.payload = R"({"of":"acme"})";
    const auto acme = place("fine");
    event_.tenant_id = *TenantId::parse("nordlicht");
    const auto nordlicht = place("gossip");
    EXPECT_TRUE(render(acme).ok);
    return render(nordlicht).error;
  };
  EXPECT_THAT(heard_of_another(false), HasSubstr(R"(heard: {"of":"acme"};)")) << "one process serves all tenants";
  EXPECT_THAT(heard_of_another(true), HasSubstr("heard: ;"));
}

TEST_F(Sandboxed, WithAProcessForEachTenantTheDeathsOfOneAreItsOwn) {
  auto asked = options();
  asked.process_per_tenant = true;
  host_ = lab_.load(asked);
  registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  const auto bad = place("crash"), fine = place("fine");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto other = place("fine");
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(render(bad).ok);
  EXPECT_THAT(registry_->find(fine.destination).held_reason, HasSubstr("is quarantined for this tenant"));
  EXPECT_TRUE(render(other).ok);
  EXPECT_EQ(registry_->find(other.destination).held_reason, "");

  // So it is after a restart, and until it is released.
  registry_.reset();
  host_.reset();
  host_ = lab_.load(asked);
  registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  EXPECT_THAT(host_->loaded(), SizeIs(1));
  EXPECT_THAT(registry_->find(fine.destination).held_reason, HasSubstr("is quarantined for this tenant"));
  const auto adapter = registry_->find(other.destination).adapter;
  ASSERT_TRUE(adapter);
  EXPECT_TRUE(adapter->render({event_, other.destination, delivery_, key_}, secrets_).ok);
}

TEST_F(Sandboxed, TheProcessOfATenantEndsWithItsLastDestination) {
  auto asked = options();
  asked.process_per_tenant = true;
  host_ = lab_.load(asked);
  registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  const auto before = children().size();
  auto one = place("fine"), two = place("fine");
  EXPECT_TRUE(render(one).ok);
  EXPECT_TRUE(render(two).ok);
  EXPECT_EQ(children().size(), before + 1) << "two destinations of one tenant";
  Catalog catalog;
  catalog.destinations[two.destination.id] = std::make_shared<const Destination>(two.destination);
  one.adapter = two.adapter = nullptr;
  registry_->keep_only(catalog);
  EXPECT_EQ(children().size(), before + 1) << "one of them is left";
  registry_->keep_only({});
  EXPECT_EQ(children().size(), before);
}

}  // namespace
}  // namespace opi::plugins::testing
