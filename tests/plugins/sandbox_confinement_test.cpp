#include <linux/landlock.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "plugins/sandbox_fixture.hpp"

namespace opi::plugins::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(Sandboxed, NothingOfTheWorldIsInReach) {
#ifdef OPI_SHADOW_MEMORY
  GTEST_SKIP() << "sanitizers need what confinement forbids";
#else
  for (const auto* mood : {"open a file", "list a folder", "write a file", "open a socket", "fork", "run a program",
                           "kill the daemon", "make code", "wait"}) {
    SCOPED_TRACE(mood);
    fs::remove_all(lab_.state());
    load();
    const auto bad = place(mood);
    EXPECT_TRUE(render(place("fine")).ok);
    const auto rendering = render(bad);
    EXPECT_FALSE(rendering.ok);
    EXPECT_TRUE(rendering.retryable);
    EXPECT_EQ(rendering.held, "");
    EXPECT_THAT(rendering.error, HasSubstr("for a system call that no plugin may make"));
    EXPECT_THAT(host_->crashes(), SizeIs(1));
  }
#endif
}

// A plugin that spins is not to be what the daemon's threads wait for.
TEST_F(Sandboxed, TheDaemonGoesFirstWhereBothWantTheProcessor) {
  EXPECT_TRUE(render(place("fine")).ok);
  const auto processes = children();
  ASSERT_THAT(processes, SizeIs(1));
  const auto stat = read_file("/proc/" + std::to_string(processes.front()) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));  // from the third on; its nice value is the nineteenth
  std::string field;
  for (int number = 3; number <= 19; ++number) fields >> field;
  EXPECT_EQ(field, std::to_string(std::min(19, ::getpriority(PRIO_PROCESS, 0) + 5)));
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
  load(patient);
  const auto bad = place("leak"), good = place("fine");
  const auto rendering = render(bad);
  EXPECT_FALSE(rendering.ok);
  EXPECT_TRUE(rendering.retryable);
  EXPECT_TRUE(render(good).ok);
  EXPECT_THAT(lab_.logger().text(), HasSubstr("plugin.process_died plugin=test.rogue"));
  EXPECT_THAT(lab_.logger().text(), HasSubstr("ran out of memory"));
#endif
}

}  // namespace
}  // namespace opi::plugins::testing
