#include <fcntl.h>
#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "plugins/plugin_lab.hpp"
#include "plugins/sandbox.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::HasSubstr;

SandboxCall call(std::promise<CallEnd>& end) {
  SandboxCall made;
  made.kind = FrameKind::render;
  made.instance = std::make_shared<SandboxInstance>(SandboxInstance{1, FrameWriter(FrameKind::create, 0).finish(), {}});
  made.frame = FrameWriter(FrameKind::render, 0).finish();
  made.done = [&end](const CallEnd& how) { end.set_value(how); };
  return made;
}

// A program that is no opi-plugin-host dies before it has answered anything.
TEST(QuarantinedSandbox, GivesBackWhatComesWhileItsLastProcessIsBuried) {
  RecordingLogger logger;
  SandboxOptions options;
  options.program = "/bin/false";
  Descriptor image(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::promise<CallEnd> late;
  std::shared_ptr<Sandbox> sandbox;
  std::atomic<bool> known = false;
  const auto died = [&](const Sandbox::Death&) {
    sandbox->submit(call(late));  // before anybody knows of the quarantine
    known = true;
  };
  const auto quarantined = [&](const TenantId&) { return std::string(known ? "two deaths" : ""); };
  sandbox = std::make_shared<Sandbox>(
      options, Sandbox::Plugin{"test.dying", "test", OPI_ABI_MINOR, FrameWriter(FrameKind::start, 0).finish()},
      std::move(image), Sandbox::Hooks{died, quarantined}, logger);
  EXPECT_NE(sandbox->start().status, OPI_OK);
  EXPECT_THAT(late.get_future().get().held, HasSubstr("two deaths"));
  std::promise<CallEnd> later;
  sandbox->submit(call(later));
  EXPECT_THAT(later.get_future().get().held, HasSubstr("two deaths"));
  sandbox->stop();
}

// One that is quarantined before it ever ran answers whoever starts it.
TEST(QuarantinedSandbox, AnswersWhoStartsIt) {
  RecordingLogger logger;
  SandboxOptions options;
  options.program = "/bin/false";
  Descriptor image(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto sandbox = std::make_shared<Sandbox>(
      options, Sandbox::Plugin{"test.quarantined", "test", OPI_ABI_MINOR, FrameWriter(FrameKind::start, 0).finish()},
      std::move(image), Sandbox::Hooks{{}, [](const TenantId&) { return "two deaths"; }}, logger);
  EXPECT_THAT(sandbox->start().held, HasSubstr("two deaths"));
  sandbox->stop();
}

// Whatever the host itself fails with in a turn of its thread, the thread goes on, and who waits is answered.
TEST(QuarantinedSandbox, SurvivesWhatItsThreadThrows) {
  RecordingLogger logger;
  SandboxOptions options;
  options.program = "/bin/false";
  Descriptor image(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::atomic<int> deaths = 0;
  const auto died = [&](const Sandbox::Death&) {
    if (++deaths == 1) throw std::runtime_error("no memory");
    if (deaths == 2) throw 7;
  };
  const auto quarantined = [&](const TenantId&) { return std::string(deaths == 3 ? "three deaths" : ""); };
  const auto sandbox = std::make_shared<Sandbox>(
      options, Sandbox::Plugin{"test.dying", "test", OPI_ABI_MINOR, FrameWriter(FrameKind::start, 0).finish()},
      std::move(image), Sandbox::Hooks{died, quarantined}, logger);
  EXPECT_EQ(sandbox->start().error, "no memory");
  std::promise<CallEnd> end;
  sandbox->submit(call(end));
  EXPECT_FALSE(end.get_future().get().held.empty());
  while (deaths < 3) {
    std::promise<CallEnd> later;
    sandbox->submit(call(later));
    later.get_future().wait();
  }
  EXPECT_THAT(logger.text(), HasSubstr("plugin.loop_failed"));
  EXPECT_THAT(logger.text(), HasSubstr("no known kind"));
  sandbox->stop();
}

TEST(Answer, OneThatIsLostSaysSoOnce) {
  std::vector<CallEnd> told;
  const auto note = [&](const CallEnd& end) { told.push_back(end); };
  { const Answer lost(note); }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_FALSE(told[0].held.empty());
  {
    Answer given(note);
    Answer moved(std::move(given));
    moved(CallEnd{});
    moved(CallEnd{});
  }
  ASSERT_EQ(told.size(), 2u);
  EXPECT_TRUE(told[1].held.empty());
}

}  // namespace
}  // namespace opi::plugins::testing
