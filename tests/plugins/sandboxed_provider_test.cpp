#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "plugins/provider_lab.hpp"
#include "plugins/sandbox_lanes.hpp"
#include "support/one_text_server.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPI_SHADOW_MEMORY 1  // the process is not confined then
#endif

namespace opi::plugins::testing {
namespace {

using secrets::InvalidReference;
using secrets::ResolveStatus;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

// Providers of the plugin "keeper", which run in processes of their own and do as a reference's first part says.
class IsolatedProvider : public ProviderTest {
 protected:
  IsolatedProvider() {
    lab_.add(OPI_TEST_KEEPER, "keeper.so");
    fs::create_directories(root() / "app");
    std::ofstream(root() / "app" / "key") << "from a file";
    configs_["filer"] = R"({"root":")" + root().string() + "\"}";
  }
  [[nodiscard]] fs::path root() const { return lab_.root() / "secrets"; }
  PluginHost::Options options() {
    auto options = lab_.options();
    options.isolation = IsolationRule::automatic;
    options.sandbox.program = OPI_TEST_PLUGIN_HOST;
    options.sandbox.call_deadline = milliseconds{500};
    return options;
  }
  void start() { ProviderTest::start(options()); }
  // As a daemon does that has never seen a death of the plugin.
  void start_afresh() {
    set_.replace({});
    registry_.reset();
    host_.reset();
    fs::remove_all(lab_.state());
    start();
  }
  static MonoTime in(milliseconds time) { return steady_clock::now() + time; }
};

TEST_F(IsolatedProvider, GivesValuesFromAProcessOfItsOwn) {
  start();
  ASSERT_THAT(host_->refused(), IsEmpty()) << lab_.logger().text();
  EXPECT_EQ(host_->loaded().front()->isolation(), Isolation::process);
  for (const auto* scheme : {"net", "file", "think"})
    EXPECT_EQ(value(std::string(scheme) + "://fine/app/key"), "first key") << scheme;
  const auto several = resolve("think://fine/app/one", {"one", "absent", "two"});
  ASSERT_EQ(several.status, ResolveStatus::ok) << several.failure;
  EXPECT_EQ(text(several.values[0]) + "," + text(several.values[1]) + "," + text(several.values[2]),
            "first one,(absent),first two");
  EXPECT_EQ(several.version, "7");
  EXPECT_EQ(several.ttl, std::chrono::minutes{1});
  EXPECT_EQ(resolve("think://same/app/key", {}, "7").status, ResolveStatus::not_modified);
  EXPECT_NE(value("think://process/app/key"), std::to_string(::getpid()));
}

TEST_F(IsolatedProvider, ValuesComeWholeUpToTheirLimit) {
  start();
  std::vector<std::string> keys;
  for (int i = 0; i < 64; ++i) keys.push_back("key-" + std::to_string(i));
  const auto found = resolve("think://large/app/key", keys);
  ASSERT_EQ(found.status, ResolveStatus::ok) << found.failure;
  ASSERT_THAT(found.values, SizeIs(64));
  for (const auto& one : found.values) EXPECT_EQ(text(one), std::string(64 * 1024, 'x'));
  keys.push_back("one-more");
  EXPECT_EQ(resolve("think://large/app/key", keys).status, ResolveStatus::invalid);
}

TEST_F(IsolatedProvider, ReferencesAreJudgedByThePlugin) {
  start();
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT([&] { provider("think://")->parse("think://unwelcome/app/key", tenant_); },
                ThrowsMessage<InvalidReference>(HasSubstr("is not welcome here")));
  EXPECT_NO_THROW(provider("think://")->parse("think://check-crash/app/key", tenant_))
      << "who cannot be asked has not refused";
  EXPECT_THAT(host_->crashes(), SizeIs(1));
}

TEST_F(IsolatedProvider, TheNetworkIsForWhoDeclaresIt) {
  const test::OneTextServer server("from the network");
  start();
  const auto port = server.port();
  EXPECT_EQ(value("net://fetch/127.0.0.1:" + port + "/key"), "from the network");
  EXPECT_EQ(value("net://fetch/localhost:" + port + "/key"), "from the network") << "by a name";
  EXPECT_EQ(value("net://thread/app/key"), "by a thread");
#ifndef OPI_SHADOW_MEMORY
  EXPECT_THAT(value("net://unix-socket/app/key"), HasSubstr("Address family not supported"));
  EXPECT_THAT(value("file://fetch/127.0.0.1:" + port + "/key"), HasSubstr("for a system call that no plugin may make"));
#endif
}

TEST_F(IsolatedProvider, FilesAreForWhoDeclaresThem) {
  start();
  EXPECT_EQ(value("file://read/app/key"), "from a file");
#ifndef OPI_SHADOW_MEMORY
  EXPECT_EQ(resolve("file://read-elsewhere/app/passwd").status, ResolveStatus::denied);
  EXPECT_EQ(resolve("net://read-elsewhere/app/passwd").status, ResolveStatus::denied);
  EXPECT_EQ(value("net://read-elsewhere/app/hosts"), read_file("/etc/hosts"))
      << "the network's own files go with the network";
#endif
}

TEST_F(IsolatedProvider, OurOwnDeclaresWhatItNeeds) {
  lab_.add(OPI_TEST_SECRETS_LOCAL);
  const auto file = root() / "acme" / "webhook" / "signing" / "1";
  fs::create_directories(file.parent_path());
  std::ofstream(file) << "whsec_abc";
  fs::permissions(file, fs::perms::owner_read);
  configs_["local"] = R"({"directory":")" + root().string() + R"("})";
  start();
  EXPECT_EQ(value("local://acme/webhook/signing/1"), "whsec_abc");
  EXPECT_THAT([&] { provider("local://")->parse("local://globex/webhook/signing/1", tenant_); },
              ThrowsMessage<InvalidReference>(HasSubstr("belongs to another tenant")));
}

TEST_F(IsolatedProvider, WhatIsNotDeclaredKills) {
#ifdef OPI_SHADOW_MEMORY
  GTEST_SKIP() << "sanitizers need what confinement forbids";
#else
  const std::map<std::string, std::vector<std::string>> never{
      {"net", {"write-a-file", "truncate-a-file", "fork", "run-a-program", "listen", "make-code", "pair-of-datagrams"}},
      {"file", {"write-a-file", "truncate-a-file", "fork", "run-a-program", "open-a-socket", "make-code"}},
      {"think", {"write-a-file", "open-a-file", "open-a-socket", "fork", "run-a-program"}}};
  for (const auto& [scheme, moods] : never)
    for (const auto& mood : moods) {
      SCOPED_TRACE(scheme + " " + mood);
      start_afresh();
      const auto found = resolve(scheme + "://" + mood + "/app/key");
      EXPECT_EQ(found.status, ResolveStatus::unavailable);
      EXPECT_THAT(found.failure, HasSubstr("for a system call that no plugin may make"));
      EXPECT_THAT(value(scheme + "://fine/app/key"), HasSubstr("is quarantined, for it tried what no plugin may do"));
    }
#endif
}

TEST_F(IsolatedProvider, ADeathIsUnavailableAndTwoEndIt) {
  start();
  for (int i = 0; i < 2; ++i) {
    const auto lost = resolve("think://crash/app/key");
    EXPECT_EQ(lost.status, ResolveStatus::unavailable);
    EXPECT_THAT(lost.failure, HasSubstr("died"));
  }
  const auto held = resolve("think://fine/app/key");
  EXPECT_EQ(held.status, ResolveStatus::unavailable);
  EXPECT_THAT(held.failure, HasSubstr("is quarantined"));
  EXPECT_NO_THROW(provider("think://")->parse("think://fine/app/another", tenant_));
}

TEST_F(IsolatedProvider, AHangIsKilledAtTheDeadlineAndIsInNobodysWay) {
  start();
  auto hanging =
      std::async(std::launch::async, [&] { return resolve("think://hang/app/key", {}, {}, in(milliseconds{700})); });
  // As long as it hangs, others go on.
  while (hanging.wait_for(milliseconds{0}) != std::future_status::ready) {
    EXPECT_EQ(value("think://fine/app/key"), "first key");
    EXPECT_NO_THROW(provider("think://")->parse("think://fine/app/other", tenant_));
  }
  const auto lost = hanging.get();
  EXPECT_EQ(lost.status, ResolveStatus::unavailable);
  EXPECT_THAT(lost.failure, HasSubstr("did not answer within"));
  EXPECT_THAT(host_->crashes(), SizeIs(1));
}

TEST_F(IsolatedProvider, SlowResolvesLeaveAProcessToTheQuickOnes) {
  start();
  std::vector<std::future<secrets::ResolveResult>> slow;
  for (std::size_t i = 0; i < SandboxLanes::most; ++i)
    slow.push_back(std::async(std::launch::async, [&, i] {
      return resolve("file://wait/app/" + std::to_string(i), {}, {}, in(milliseconds{20'000}));
    }));
  EXPECT_NO_THROW(provider("file://")->parse("file://fine/app/key", tenant_));
  for (auto& one : slow) EXPECT_EQ(one.get().status, ResolveStatus::ok);
  std::set<std::string> processes;
  for (int i = 0; i < 10; ++i) processes.insert(value("file://process/app/key"));
  EXPECT_THAT(processes, SizeIs(1)) << "where there is little to do, one process does it";
}

TEST_F(IsolatedProvider, WhoFindsAllBusyIsToldSoAtTheDeadline) {
  start();
  std::vector<std::future<secrets::ResolveResult>> slow;
  std::atomic<std::size_t> begun{0};
  for (std::size_t i = 0; i + 1 < SandboxLanes::most; ++i)
    slow.push_back(std::async(std::launch::async, [&, i] {
      ++begun;
      return resolve("think://hang/app/" + std::to_string(i), {}, {}, in(milliseconds{1'500}));
    }));
  while (begun < slow.size()) std::this_thread::yield();
  bool told = false;  // unless this one was quicker than the others
  while (!told && slow.front().wait_for(milliseconds{0}) != std::future_status::ready)
    told = resolve("think://fine/app/key", {}, {}, in(milliseconds{50})).failure == "all of its processes are busy";
  EXPECT_TRUE(told);
}

TEST_F(IsolatedProvider, NoTextRepeatsAValue) {
  start();
  const std::string value_of_it = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";  // as a value may look
  const auto quoted = resolve("think://quote/" + value_of_it + "/key");
  EXPECT_EQ(quoted.status, ResolveStatus::denied);
  EXPECT_THAT(quoted.failure, AllOf(HasSubstr("the value is"), Not(HasSubstr(value_of_it))));
  EXPECT_EQ(resolve("think://tell/" + value_of_it + "/key").status, ResolveStatus::ok);
  EXPECT_THAT(lab_.logger().text(), AllOf(HasSubstr("the value is"), Not(HasSubstr(value_of_it))));
}

TEST_F(IsolatedProvider, ARefusedConfigurationNamesTheField) {
  configs_["filer"] = R"({"mood":"refuse"})";
  start();
  EXPECT_THAT(verdicts(*host_, lab_.plugins() / "keeper.so"), ElementsAre("init L703"));
  EXPECT_THAT(host_->refused().front().message, HasSubstr("mood: is not welcome here"));
  configs_["filer"] = R"({"root":"/srv/../etc"})";
  EXPECT_THAT(reload().refused.front().message, HasSubstr("/root is not a path without"));
}

TEST_F(IsolatedProvider, AFolderThatIsReplacedOrComesLaterIsRead) {
  fs::remove_all(root());
  start();
  EXPECT_EQ(resolve("file://read/app/key").status, ResolveStatus::unavailable);
  fs::create_directories(root() / "app");
  std::ofstream(root() / "app" / "key") << "came later";
  EXPECT_EQ(value("file://read/app/key"), "came later");
  fs::create_directories(lab_.root() / "next" / "app");
  std::ofstream(lab_.root() / "next" / "app" / "key") << "in its place";
  fs::rename(root(), lab_.root() / "former");
  fs::rename(lab_.root() / "next", root());
  EXPECT_EQ(value("file://read/app/key"), "in its place");
  EXPECT_THAT(host_->crashes(), IsEmpty());
}

TEST_F(IsolatedProvider, ComesChangesAndGoesWhileTheHostRuns) {
  fs::remove(lab_.plugins() / "keeper.so");
  start();
  EXPECT_EQ(set_.find("think"), nullptr);
  const auto file = lab_.add(OPI_TEST_KEEPER, "keeper.so");
  EXPECT_THAT(reload().loaded, SizeIs(1));
  EXPECT_EQ(value("think://fine/app/key"), "first key");
  const auto former = set_.find("think");
  EXPECT_THAT(reload().loaded, IsEmpty());
  EXPECT_EQ(set_.find("think"), former) << "what is unchanged stays as it is";

  lab_.add(OPI_TEST_KEEPER_NEXT, "keeper.so");
  EXPECT_THAT(reload().loaded, SizeIs(1));
  EXPECT_EQ(value("think://fine/app/key"), "next key");

  lab_.add_bytes("keeper.so", "damaged");
  EXPECT_THAT(reload().refused, SizeIs(1));
  EXPECT_EQ(value("think://fine/app/key"), "next key") << "a refused file leaves its predecessor";

  fs::remove(file);
  EXPECT_THAT(reload().retired, SizeIs(1));
  EXPECT_EQ(set_.find("think"), nullptr);
}

TEST_F(IsolatedProvider, AFileWhoseConfigurationIsRefusedLeavesItsPredecessor) {
  start();
  configs_["filer"] = R"({"mood":"refuse"})";
  lab_.add(OPI_TEST_KEEPER_NEXT, "keeper.so");
  EXPECT_THAT(reload().refused, SizeIs(2)) << "the file, and what it would have been for the one that goes on";
  EXPECT_EQ(value("file://fine/app/key"), "first key");
  EXPECT_EQ(value("file://read/app/key"), "from a file");
  configs_["filer"] = "{}";
  EXPECT_THAT(reload().refused, IsEmpty());
  EXPECT_EQ(value("file://fine/app/key"), "next key");
}

TEST_F(IsolatedProvider, AnotherConfigurationIsAnotherInstance) {
  start();
  const auto others = set_.find("think");
  fs::create_directories(lab_.root() / "second" / "app");
  std::ofstream(lab_.root() / "second" / "app" / "key") << "from the second";
  configs_["filer"] = R"({"root":")" + (lab_.root() / "second").string() + "\"}";
  EXPECT_THAT(reload().refused, IsEmpty());
  EXPECT_EQ(value("file://read/app/key"), "from the second");
  EXPECT_EQ(set_.find("think"), others);
  configs_["filer"] = R"({"root":7})";
  EXPECT_THAT(reload().refused, SizeIs(1));
  EXPECT_EQ(value("file://read/app/key"), "from the second") << "what it had";
}

TEST_F(IsolatedProvider, AResolveUnderWayEndsWithTheOldOne) {
  start();
  auto slow = std::async(std::launch::async, [&] { return value("file://wait/app/key"); });
  while (slow.wait_for(milliseconds{0}) != std::future_status::ready &&
         lab_.logger().text().find("test.keeper") == std::string::npos)
    std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds{50});
  std::weak_ptr<Plugin> former = host_->loaded().front();
  lab_.add(OPI_TEST_KEEPER_NEXT, "keeper.so");
  reload();
  EXPECT_EQ(value("file://fine/app/key"), "next key");
  EXPECT_EQ(slow.get(), "first key");
  EXPECT_TRUE(former.expired()) << "and ends once nothing uses it";
}

}  // namespace
}  // namespace opi::plugins::testing
