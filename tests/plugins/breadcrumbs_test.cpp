#include "plugins/breadcrumbs.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "plugins/crash_history.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;
using namespace std::chrono_literals;

LeftCall crash(UnixTime at, const std::string& sha256 = "aa") { return {"p", sha256, Phase::render, 11, at}; }

TEST(Breadcrumbs, OfCallsThatCameBackAreGone) {
  const PluginLab lab;
  const auto file = lab.root() / "breadcrumbs";
  {
    Breadcrumbs breadcrumbs(file);
    const auto number = breadcrumbs.enrol("p", "aa");
    const Breadcrumbs::Scope outer(breadcrumbs, number, Phase::render);
    { const Breadcrumbs::Scope inner(breadcrumbs, number, Phase::interpret); }
  }
  EXPECT_THAT(Breadcrumbs(file).left_by_last_run(), IsEmpty());
}

TEST(Breadcrumbs, AreOneDaemonsAlone) {
  const PluginLab lab;
  const auto file = lab.root() / "breadcrumbs";
  const Breadcrumbs first(file);
  EXPECT_THAT([&] { Breadcrumbs second(file); },
              ThrowsMessage<std::runtime_error>(HasSubstr("in use by another daemon")));
}

TEST(Breadcrumbs, OfAnotherLayoutOrNonsenseAreIgnored) {
  const PluginLab lab;
  const auto file = lab.root() / "breadcrumbs";
  std::ofstream(file) << std::string(100'000, '\xff');
  EXPECT_THAT(Breadcrumbs(file).left_by_last_run(), IsEmpty());
}

TEST(Breadcrumbs, RunOutOfSlotsWithoutHarm) {
  const PluginLab lab;
  Breadcrumbs breadcrumbs(lab.root() / "breadcrumbs");
  for (std::size_t i = 0; i < Breadcrumbs::max_plugins; ++i) EXPECT_TRUE(breadcrumbs.enrol("p", "aa").has_value());
  const auto none = breadcrumbs.enrol("p", "aa");
  EXPECT_EQ(none, std::nullopt);
  const Breadcrumbs::Scope scope(breadcrumbs, none, Phase::render);
  for (std::size_t i = 0; i < Breadcrumbs::max_threads + 10; ++i)  // each gives its slot back when it ends
    std::thread([&] { const Breadcrumbs::Scope of_thread(breadcrumbs, 0, Phase::render); }).join();
}

TEST(CrashHistory, QuarantinesTwoCrashesOfOneBuildWithinTenMinutes) {
  const PluginLab lab;
  const UnixTime t{1'700'000'000'000ms};
  const auto quarantined = [&](std::vector<LeftCall> calls) {
    fs::remove(lab.root() / "crashes");
    CrashHistory history(lab.root() / "crashes");
    for (const auto& call : calls) history.record({call});
    return !CrashHistory(lab.root() / "crashes").quarantine("p", "aa").empty();
  };
  EXPECT_FALSE(quarantined({crash(t)}));
  EXPECT_TRUE(quarantined({crash(t), crash(t + 10min)}));
  EXPECT_FALSE(quarantined({crash(t), crash(t + 10min + 1ms)}));
  EXPECT_FALSE(quarantined({crash(t), crash(t + 1min, "bb")}));
  EXPECT_TRUE(quarantined({crash(t), crash(t + 1min, "bb"), crash(t + 2min)}));
  EXPECT_TRUE(quarantined({crash(t + 5min), crash(t)})) << "whatever the order they are found in";
}

// One death of it, in whosever call.
TEST(CrashHistory, AForbiddenSystemCallQuarantinesForAllAtOnceAndACrashForItsTenantAtTheSecond) {
  const PluginLab lab;
  const auto file = lab.root() / "crashes";
  const UnixTime t{1'700'000'000'000ms};
  const auto died = [](UnixTime at, bool forbidden) {
    return Crash{"p", "aa", "render", 31, at, "acme", "the plugin's process died", forbidden};
  };
  CrashHistory history(file);
  history.record(died(t, false));
  EXPECT_EQ(history.quarantine("p", "aa", "acme"), "");
  history.record(died(t + 10min, false));
  EXPECT_EQ(
      history.quarantine("p", "aa", "acme"),
      "plugin \"p\" is quarantined for this tenant, for it died twice within 10 minutes: the plugin's process died");
  EXPECT_EQ(history.quarantine("p", "aa", "globex"), "");
  EXPECT_EQ(history.quarantine("p", "aa"), "");
  history.record(died(t + 1h, true));
  for (const auto* tenant : {"", "acme", "globex"})
    for (const auto& one : {CrashHistory(file).quarantine("p", "aa", tenant), history.quarantine("p", "aa", tenant)})
      EXPECT_FALSE(one.empty()) << tenant;
  EXPECT_EQ(history.quarantine("p", "aa"),
            "plugin \"p\" is quarantined, for it tried what no plugin may do: the plugin's process died");
  EXPECT_EQ(history.quarantine("p", "bb"), "") << "another build";
  EXPECT_TRUE(history.release("p"));
  EXPECT_EQ(CrashHistory(file).quarantine("p", "aa"), "");
}

TEST(CrashHistory, IsBoundedAndSurvivesADamagedFile) {
  const PluginLab lab;
  const auto file = lab.root() / "crashes";
  CrashHistory history(file);
  for (std::size_t i = 0; i < CrashHistory::max_crashes + 5; ++i)
    history.record({crash(UnixTime{std::chrono::hours(i)})});
  EXPECT_THAT(CrashHistory(file).crashes(), SizeIs(CrashHistory::max_crashes));
  std::ofstream(file, std::ios::trunc) << R"({"version":1,"crashes":[{"plugin":1}]})";
  EXPECT_THAT(CrashHistory(file).crashes(), IsEmpty());
  EXPECT_TRUE(fs::exists(file.string() + ".damaged"));
}

}  // namespace
}  // namespace opi::plugins::testing
