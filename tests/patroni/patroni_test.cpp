#include <gtest/gtest.h>

#include <fstream>

#include "patroni/patroni_cluster.hpp"
#include "system/load.hpp"
#include "system/site.hpp"

// A database that Patroni looks after: one server gives way to the other, and then is gone.
namespace opi::system_test {
namespace {

using namespace std::chrono_literals;

class UnderPatroni : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!test::PatroniCluster::installed()) GTEST_SKIP() << "there is no patroni or no etcd on this machine";
  }
};

TEST_P(UnderPatroni, ASwitchoverAndALostNode) {
  test::PatroniCluster cluster(GetParam());
  const auto both_serve = [&] {
    const int leader = cluster.leader();
    return leader >= 0 && cluster.is_replica(1 - leader);
  };
  ASSERT_TRUE(eventually(both_serve, 180s));
  Site site(nullptr);
  std::ofstream(site.folder() / "connection") << cluster.connection();
  std::filesystem::permissions(site.folder() / "connection", std::filesystem::perms::owner_read);
  site.set("store.engine", "postgres");
  site.set("store.postgres_connection_file", (site.folder() / "connection").string());
  site.provision("/healthy");
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  const auto ready = [&] { return demo::HttpClient(daemon.status_port()).get("/readyz").status == 200; };
  const auto received = [&] { return static_cast<int>(site.receiver().statistics().path("/healthy").accepted); };
  Load load(producer, [&] { return daemon.port(); });
  const auto goes_on = [&] {
    const int before = load.acknowledged();
    return eventually([&] { return load.acknowledged() >= before + 100; }, 180s) && eventually(ready, 180s);
  };
  ASSERT_TRUE(goes_on());

  const int first = cluster.leader();
  cluster.switch_over();
  ASSERT_TRUE(eventually([&] { return cluster.leader() == 1 - first; }, 180s));
  EXPECT_TRUE(goes_on()) << daemon.log();
  EXPECT_TRUE(eventually([&] { return received() + 100 >= load.acknowledged(); }, 180s)) << "nothing was lost so far";
  ASSERT_TRUE(eventually(both_serve, 180s));

  cluster.kill_node(1 - first);
  ASSERT_TRUE(eventually([&] { return cluster.leader() == first; }, 180s));
  EXPECT_TRUE(goes_on()) << daemon.log();
  const int acknowledged = load.end();
  const auto all = [&] { return received() == acknowledged; };
  // Without a synchronous standby the last events before the loss may be lost with the node.
  if (GetParam())
    EXPECT_TRUE(eventually(all, 120s)) << received() << " of " << acknowledged;
  else if (!eventually(all, 20s))
    std::cout << acknowledged - received() << " of " << acknowledged << " were lost with the node\n";
  EXPECT_EQ(site.receiver().statistics().path("/healthy").statuses.count(401), 0u);
  EXPECT_TRUE(daemon.stop().clean());
}

INSTANTIATE_TEST_SUITE_P(Replication, UnderPatroni, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "synchronous" : "asynchronous"; });

}  // namespace
}  // namespace opi::system_test
