#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "demo/child_process.hpp"
#include "demo/closed_port.hpp"
#include "demo/console_links.hpp"
#include "demo/http_client.hpp"
#include "demo/scenario.hpp"
#include "demo/state_directory.hpp"
#include "demo/terminal.hpp"

namespace opi::demo {
namespace {

using namespace std::chrono_literals;
using testing::Optional;

constexpr auto patience = 30s;

class Child : public testing::Test {
 protected:
  ~Child() override { state_.remove(); }
  Command shell(const std::string& script) const { return {"/bin/sh", {"-c", script}, state_.path() / "log"}; }
  const StateDirectory state_{{}};
};

TEST_F(Child, TellsHowItEnded) {
  ChildProcess good(shell("exit 0")), bad(shell("exit 3")), killed(shell("kill -9 $$"));
  ASSERT_TRUE(good.wait(patience).has_value());
  EXPECT_TRUE(good.wait(0ms)->clean());
  EXPECT_EQ(to_string(bad.wait(patience).value()), "exit code 3");
  EXPECT_EQ(to_string(killed.wait(patience).value()), "signal 9");
}

TEST_F(Child, CannotBeAMissingProgram) {
  ChildProcess child({"/nonexistent/program", {}, state_.path() / "log"});
  EXPECT_EQ(to_string(child.wait(patience).value()), "exit code 127");
}

TEST_F(Child, IsReadByLineAndToItsEnd) {
  ChildProcess child(shell("echo one; echo two; printf three; echo words >&2"));
  EXPECT_THAT(child.read_line(patience), Optional(std::string("one")));
  EXPECT_THAT(child.read_all(patience), Optional(std::string("two\nthree")));
  EXPECT_EQ(child.read_line(patience), std::nullopt) << "its output has ended";
  EXPECT_EQ(last_words(state_.path() / "log"), "words");
}

TEST_F(Child, IsNotWaitedForLongerThanSaid) {
  ChildProcess child(shell("exec sleep 600"));
  EXPECT_EQ(child.wait(1ms), std::nullopt);
  EXPECT_EQ(child.read_line(1ms), std::nullopt);
  child.terminate();
  EXPECT_EQ(to_string(child.wait(patience).value()), "signal 15");
}

TEST(ConsoleLinks, CarryTheTokenWhereNoServerSeesIt) {
  std::ostringstream out;
  print(out, {{"acme", "auditor", "opi_a"}, {"", "system_admin", "opi_b"}}, "http://127.0.0.1:1/console/integrations");
  EXPECT_EQ(out.str(),
            "      acme auditor  http://127.0.0.1:1/console/integrations#token=opi_a\n"
            "      system_admin  http://127.0.0.1:1/console/integrations#token=opi_b\n");
}

TEST_F(Child, GetsNoSettingsOfAnotherDaemon) {
  ::setenv("OPI_API_PORT", "1", 1);
  ::setenv("OPIUM", "kept", 1);
  ChildProcess child(shell("echo \"[$OPI_API_PORT] $OPIUM\""));
  ::unsetenv("OPI_API_PORT");
  ::unsetenv("OPIUM");
  EXPECT_THAT(child.read_line(patience), Optional(std::string("[] kept")));
}

// The demo is killed: a process between this test and the child takes its place.
TEST_F(Child, DiesWithTheDemo) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t demo = ::fork();
  if (demo == 0) {
    // The child inherits the pipe's writing end, which so stays open as long as any of the two lives.
    ChildProcess child(shell("echo up; exec sleep 600"));
    if (!child.read_line(patience)) ::_exit(1);
    if (::write(ends[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ends[1]);
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  ::kill(demo, SIGKILL);
  ::waitpid(demo, nullptr, 0);
  pollfd ended{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, static_cast<int>(std::chrono::milliseconds{patience}.count())), 1)
      << "the child lives on";
  ::close(ends[0]);
}

TEST(ClosedPortTest, RefusesConnections) {
  const ClosedPort port;
  EXPECT_GT(port.number(), 0);
  EXPECT_THROW((void)HttpClient(port.number()).get("/"), std::runtime_error);
}

TEST(StateDirectoryTest, WritesForTheUserAloneAndReplacesNothing) {
  const StateDirectory state{{}};
  state.write("a/b/c", "text");
  EXPECT_EQ(read_file(state.path() / "a/b/c"), "text");
  struct stat status {};
  ASSERT_EQ(::stat((state.path() / "a/b/c").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  ASSERT_EQ(::stat((state.path() / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
  EXPECT_THROW(state.write("a/b/c", "other"), std::system_error);
  EXPECT_TRUE(state.remove());
  EXPECT_FALSE(std::filesystem::exists(state.path()));
}

TEST(StateDirectoryTest, TakesANamedFolderOnlyIfItIsEmptyAndNeverRemovesIt) {
  const StateDirectory around{{}};
  const StateDirectory named(around.path() / "run");
  EXPECT_FALSE(named.remove());
  EXPECT_TRUE(std::filesystem::is_directory(named.path()));
  named.write("file", "");
  EXPECT_THROW(StateDirectory{named.path()}, std::runtime_error);
  around.remove();
}

TEST(TerminalText, IsCutAndFilledByCharacters) {
  EXPECT_EQ(width("Brücke"), 6U);
  EXPECT_EQ(left("Brücke", 8), "Brücke  ");
  EXPECT_EQ(left("Brücke", 3), "Brü");
  EXPECT_EQ(left("Brücke", 2), "Br");
  EXPECT_EQ(right("ü", 3), "  ü");
  EXPECT_EQ(right("12345", 3), "123");
}

TEST(TerminalColours, AreLeftOutUnlessWanted) {
  Terminal terminal;
  EXPECT_EQ(terminal.paint(Style::bad, "x"), "x");
  terminal.colours = true;
  EXPECT_EQ(terminal.paint(Style::bad, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(terminal.paint(Style::plain, "x"), "x");
}

}  // namespace
}  // namespace opi::demo
