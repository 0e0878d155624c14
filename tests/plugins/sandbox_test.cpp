#include <atomic>
#include <future>

#include "plugins/plugin_adapter_directory.hpp"
#include "plugins/sandbox_fixture.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

TEST_F(Sandboxed, ACrashInCreateCostsTheCallThatNeededIt) {
  const auto bad = place("crash in create");
  EXPECT_THAT(render(bad).error, HasSubstr("died (SIGSEGV)"));
  EXPECT_TRUE(render(place("fine")).ok);
}

TEST_F(Sandboxed, ARefusedConfigurationHoldsItsDestinationAlone) {
  const auto refused = place("refuse");
  EXPECT_EQ(render(refused).held, "mood: is not welcome here");
  EXPECT_TRUE(render(place("fine")).ok);
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

TEST_F(Sandboxed, StoppingAnswersWhatIsUnderWay) {
  const auto bad = place("spin");
  std::promise<std::string> held;
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_,
                            [&](delivery::Rendering&& rendering) { held.set_value(rendering.held); });
  host_->stop();
  EXPECT_EQ(held.get_future().get(), "the plugin is being stopped");
  EXPECT_EQ(render(bad).held, "the plugin is being stopped");
}

// Whoever saves a destination, or reads why it is held, need not know its endpoint.
TEST_F(Sandboxed, WhoExaminesADestinationHearsWhatOnlyACallWouldTell) {
  const auto refused = place("refuse"), fine = place("fine");
  ASSERT_TRUE(registry_->find(refused.destination).adapter) << "it is not asked";
  for (int i = 0; i < 2; ++i) {
    const auto lookup = registry_->examine(refused.destination);
    EXPECT_FALSE(lookup.adapter);
    EXPECT_EQ(lookup.held_cause, HoldCause::configuration_refused);
    EXPECT_THAT(lookup.held_reason, HasSubstr("mood: is not welcome here"));
    EXPECT_TRUE(registry_->examine(fine.destination).adapter);
  }
  EXPECT_EQ(render(refused).held_cause, HoldCause::configuration_refused);
  auto corrected = refused.destination;
  corrected.config = R"({"mood":"fine"})";
  ++corrected.revision;
  EXPECT_TRUE(registry_->examine(corrected).adapter) << "what was said was of the revision before";
  corrected.adapter = "of nobody";
  ++corrected.revision;
  EXPECT_EQ(registry_->examine(corrected).held_cause, HoldCause::adapter_missing);
}

TEST_F(Sandboxed, ARefusalRepeatsNothingSecretOfTheEndpoint) {
  for (const auto rule : {IsolationRule::process, IsolationRule::in_process}) {
    auto how = options();
    how.isolation = rule;
    load(how);
    Destination destination;
    destination.id = *DestinationId::parse("00000000-0000-4000-8000-000000000099");
    destination.tenant_id = event_.tenant_id;
    destination.adapter = "rogue";
    destination.endpoint = "https://receiver.example/hook/Zx81kQp0RtY77bNmLw/in";
    destination.config = R"({"mood":"refuse the endpoint"})";
    const auto errors = PluginAdapterDirectory(*host_).refusal(destination);
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].field, "endpoint");
    EXPECT_THAT(errors[0].message, HasSubstr("receiver.example"));
    EXPECT_THAT(errors[0].message, ::testing::Not(HasSubstr("Zx81kQp0")));
    EXPECT_THAT(registry_->find(destination).held_reason, ::testing::Not(HasSubstr("Zx81kQp0")));
  }
}

}  // namespace
}  // namespace opi::plugins::testing
