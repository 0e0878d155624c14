#include <fcntl.h>
#include <gmock/gmock.h>

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
  const auto died = [&](Phase, int) -> std::optional<std::string> {
    sandbox->submit(call(late));  // before anybody knows of the quarantine
    return "two deaths";
  };
  sandbox = std::make_shared<Sandbox>(
      options, Sandbox::Plugin{"test.dying", "test", OPI_ABI_MINOR, FrameWriter(FrameKind::start, 0).finish()},
      std::move(image), Sandbox::Hooks{died, {}}, logger);
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
      std::move(image), Sandbox::Hooks{{}, [] { return "two deaths"; }}, logger);
  EXPECT_THAT(sandbox->start().held, HasSubstr("two deaths"));
  sandbox->stop();
}

}  // namespace
}  // namespace opi::plugins::testing
