#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "system/site.hpp"

// The end of the daemon, whoever hangs.
namespace opi::system_test {
namespace {

constexpr int under_way = 5;

int hand_in(const RunningDaemon& daemon, const std::string& token, int number) {
  try {
    return demo::HttpClient(daemon.port()).post("/api/v1/events", token, "application/json", event(number)).status;
  } catch (const std::runtime_error&) {
    return 0;  // it ended, or closed
  }
}

TEST(Drain, ADatabaseThatIsFrozenAndAReceiverThatHangsDoNotKeepIt) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  site.set("general.drain_timeout_ms", "500");
  site.provision("/slow?delay_ms=6000", R"(,"policy":{"timeout_ms":8000})");
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  const auto at_receiver = [&] { return site.receiver().statistics().path("/slow"); };
  {
    RunningDaemon daemon(site);
    for (int number = 0; number < under_way; ++number) ASSERT_EQ(hand_in(daemon, producer, number), 202);
    ASSERT_TRUE(eventually([&] { return daemon.metric("opi_in_flight_deliveries") == under_way; })) << daemon.log();
    cluster.freeze();
    int answer = -1;
    std::thread waiting([&] { answer = hand_in(daemon, producer, under_way); });
    ::kill(daemon.pid(), SIGTERM);
    const auto ended = daemon.wait_for_end();
    waiting.join();
    cluster.thaw();
    ASSERT_TRUE(ended) << daemon.log();
    EXPECT_TRUE(ended->clean()) << daemon.log() << daemon.errors();
    EXPECT_NE(answer, 202) << "nobody can have committed it";
    const auto log = daemon.log();
    EXPECT_LT(log.find("\"daemon.stopping\""), log.find("\"daemon.stopped\"")) << log;
    EXPECT_NE(log.find("\"left_to_lease_expiry\":5"), std::string::npos) << log;
  }
  RunningDaemon daemon(site);
  EXPECT_EQ(hand_in(daemon, producer, under_way), 202) << "handed in again";
  EXPECT_TRUE(eventually([&] { return at_receiver().accepted == under_way + 1; })) << daemon.log();
  ASSERT_TRUE(eventually([&] {
    const auto all = all_deliveries(daemon.port(), auditor);
    return all.size() == under_way + 1 &&
           std::ranges::all_of(all, [](const auto& d) { return d.state == "delivered"; });
  }));
  // What was under way goes out once more when its lease has run out, and nothing else does.
  for (const auto& one : all_deliveries(daemon.port(), auditor)) EXPECT_LE(one.attempts, 2) << one.id;
  EXPECT_LE(at_receiver().requests, 2U * under_way + 1);
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
}

}  // namespace
}  // namespace opi::system_test
