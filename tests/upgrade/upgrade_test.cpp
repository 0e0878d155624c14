#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>

#include "system/load.hpp"
#include "system/site.hpp"

// Upgrades under load: a rolling one, a previous version and this one on one PostgreSQL, and one in place, on SQLite.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Previous {
  std::string name;  // in the file `previous`
  Programs programs;
  bool reads_whom_a_schema_serves;
};

void PrintTo(const Previous& one, std::ostream* out) { *out << one.name; }

Previous version(const std::string& name, bool reads, std::map<std::string, std::string> keys) {
  const fs::path folder = fs::path(OPI_PREVIOUS) / name;
  return {name, {folder / "source/build/default/bin", folder / "plugins", std::move(keys)}, reads};
}

// At most this many requests of a killed daemon were answered by the receiver and not known by anybody.
constexpr std::uint64_t most_in_flight = 64;

// Long enough for a receiver that takes twelve seconds; the previous versions wait for no answer longer than fifteen.
constexpr const char* slow_policy = R"(,"policy":{"timeout_ms":14500})";

class Upgrade : public testing::TestWithParam<Previous> {
 protected:
  void SetUp() override {
    if (!fs::exists(previous().folder / "integrationsd")) GTEST_SKIP() << "the previous version could not be built";
  }
  static const Programs& previous() { return GetParam().programs; }
  // The previous version's daemon, and a tenant that it was told of by its own integrationsctl.
  std::unique_ptr<RunningDaemon> old_daemon_with(Site& site, const std::string& path, const std::string& members = "") {
    site.administer_with(previous());
    auto old = std::make_unique<RunningDaemon>(site, "old", previous());
    path_ = path;
    site.provision(path, members);
    path_.resize(std::min(path_.size(), path_.find('?')));
    producer_ = site.token("producer");
    auditor_ = site.token("auditor");
    return old;
  }
  receiver::PathStatistics heard(Site& site) const { return site.receiver().statistics().path(path_); }
  bool hears(Site& site, int more) const {
    const auto before = heard(site).accepted;
    return eventually([&] { return heard(site).accepted >= before + static_cast<std::uint64_t>(more); });
  }
  bool hears_all(Site& site, int acknowledged) const {
    return eventually([&] { return heard(site).accepted == static_cast<std::uint64_t>(acknowledged); });
  }
  static double delivered_by(const RunningDaemon& daemon) {
    return daemon.metric("opi_attempts_total{result=\"succeeded\"}");
  }
  [[nodiscard]] std::size_t count(std::uint16_t port, const std::string& state) const {
    return static_cast<std::size_t>(std::ranges::count(all_deliveries(port, auditor_), state, &ShownDelivery::state));
  }
  [[nodiscard]] bool all_delivered(std::uint16_t port) const {
    return eventually([&] {
      const auto all = all_deliveries(port, auditor_);
      return std::ranges::all_of(all, [](const auto& one) { return one.state == "delivered"; });
    });
  }
  void hand_in(std::uint16_t port, int first, int count) const {
    std::string body;
    for (int i = first; i < first + count; ++i) body += event(i) + "\n";
    ASSERT_EQ(demo::HttpClient(port).post("/api/v1/events", producer_, "application/x-ndjson", body).status, 202);
  }
  // The previous version on the schema of this one: whether it starts follows from whether it reads whom that serves.
  // nullptr if it refuses, which it does with what to do.
  static std::unique_ptr<RunningDaemon> back_again(Site& site, const std::string& name) {
    if (GetParam().reads_whom_a_schema_serves) return std::make_unique<RunningDaemon>(site, name, previous());
    try {
      const RunningDaemon old(site, name, previous());
      ADD_FAILURE() << "it starts on a schema that it does not know";
    } catch (const std::runtime_error& ended) {
      EXPECT_THAT(ended.what(), HasSubstr("integrationsd ended"));
      EXPECT_THAT(ended.what(), HasSubstr("run a newer program, or restore the older database"));
    }
    return nullptr;
  }

  std::string path_, producer_, auditor_;
};

class RollingUpgrade : public Upgrade {
 protected:
  int last_migration() {
    std::string connection;
    std::getline(std::ifstream(site_.folder() / "connection"), connection);
    const std::unique_ptr<PGconn, decltype(&PQfinish)> side_door{PQconnectdb(connection.c_str()), &PQfinish};
    const std::unique_ptr<PGresult, decltype(&PQclear)> rows{
        PQexec(side_door.get(), "SELECT max(number) FROM schema_migrations"), &PQclear};
    return std::stoi(PQgetvalue(rows.get(), 0, 0));
  }

  test::PostgresCluster cluster_;
  Site site_{&cluster_};
};

TEST_P(RollingUpgrade, BothVersionsDeliverAndNothingIsLost) {
  auto old = old_daemon_with(site_, "/healthy");
  const int old_schema = last_migration();
  std::atomic<std::uint16_t> port = old->port();
  Load load(producer_, [&] { return port.load(); });
  ASSERT_TRUE(hears(site_, 100));

  // The new one migrates while the old one works.
  auto fresh = std::make_unique<RunningDaemon>(site_, "new");
  EXPECT_GT(last_migration(), old_schema) << "nothing was migrated: take another version";
  ASSERT_TRUE(eventually([&] { return delivered_by(*fresh) > 50; })) << "the new version delivers nothing";
  const auto of_old = delivered_by(*old);
  ASSERT_TRUE(eventually([&] { return delivered_by(*old) > of_old + 50; })) << "the old version does not go on";
  EXPECT_EQ(old->log().find("\"level\":\"error\""), std::string::npos) << old->log();

  port = fresh->port();
  EXPECT_TRUE(old->stop().clean());
  ASSERT_TRUE(hears(site_, 100));

  old = back_again(site_, "old");
  if (old) {
    port = old->port();
    EXPECT_TRUE(fresh->stop().clean());
    ASSERT_TRUE(hears(site_, 100));
  }

  EXPECT_TRUE(hears_all(site_, load.end())) << heard(site_).accepted << " of " << load.acknowledged();
  EXPECT_TRUE(all_delivered(port));
  // Nobody was killed: whoever drained gave back what he had, and nothing went out twice.
  EXPECT_EQ(heard(site_).duplicates, 0u);
  EXPECT_EQ(heard(site_).statuses.count(401), 0u);
}

// The old one shows itself to nobody: it claims what the new ones share out among themselves, and who claims first has
// it.
TEST_P(RollingUpgrade, AnOldDaemonBesideSeveralNewOnesLosesNothingAndSendsNothingTwice) {
  auto old = old_daemon_with(site_, "/healthy");
  RunningDaemon one(site_, "one"), other(site_, "other");
  ASSERT_TRUE(eventually([&] { return one.metric("opi_daemons") == 2 && other.metric("opi_daemons") == 2; }));
  int turn = 0;
  const std::vector<std::uint16_t> ports{old->port(), one.port(), other.port()};
  std::atomic<bool> all = true;
  Load load(producer_, [&] {
    return ports[all ? static_cast<std::size_t>(turn++) % 3 : 1 + static_cast<std::size_t>(turn++) % 2];
  });
  ASSERT_TRUE(eventually([&] { return delivered_by(*old) > 50 && delivered_by(one) + delivered_by(other) > 50; }));
  // One of the new ones serves the destination, and the other leaves it alone.
  EXPECT_TRUE(delivered_by(one) == 0 || delivered_by(other) == 0);
  all = false;
  EXPECT_TRUE(old->stop().clean());
  ASSERT_TRUE(hears(site_, 100));
  EXPECT_TRUE(hears_all(site_, load.end())) << heard(site_).accepted << " of " << load.acknowledged();
  EXPECT_TRUE(all_delivered(one.port()));
  EXPECT_EQ(heard(site_).duplicates, 0u);
}

TEST_P(RollingUpgrade, AnOldDaemonThatIsKilledBesideANewOneLosesNothing) {
  auto old = old_daemon_with(site_, "/healthy");
  RunningDaemon fresh(site_, "new");
  // What is handed in at the new one is claimed by it before the old one hears of it.
  int turn = 0;
  const std::vector<std::uint16_t> ports{old->port(), fresh.port()};
  std::atomic<bool> both = true;
  Load load(producer_, [&] { return both && turn++ % 2 == 0 ? ports[0] : ports[1]; });
  ASSERT_TRUE(eventually([&] { return delivered_by(*old) > 50 && delivered_by(fresh) > 50; }));
  old->kill_hard();
  both = false;
  ASSERT_TRUE(hears(site_, 100));
  EXPECT_TRUE(hears_all(site_, load.end())) << heard(site_).accepted << " of " << load.acknowledged();
  EXPECT_TRUE(all_delivered(fresh.port()));
  EXPECT_LE(heard(site_).duplicates, most_in_flight);
}

// Its leases stand in the outbox alone, where the new one does not count them; it leaves them to it all the same.
TEST_P(RollingUpgrade, WhatAnOldDaemonHasUnderWayIsNotSentByANewOne) {
  constexpr int held = 40;
  auto old = old_daemon_with(site_, "/slow?delay_ms=12000", slow_policy);
  hand_in(old->port(), 0, held);
  ASSERT_TRUE(eventually([&] { return count(old->port(), "delivering") == held; }));
  RunningDaemon fresh(site_, "new");
  hand_in(fresh.port(), held, held);
  ASSERT_TRUE(eventually([&] { return count(fresh.port(), "delivering") > held; }));
  ASSERT_EQ(count(fresh.port(), "delivered"), 0u) << "this machine is too slow for the receiver's delay";

  EXPECT_TRUE(hears_all(site_, 2 * held)) << heard(site_).accepted;
  EXPECT_TRUE(all_delivered(fresh.port()));
  EXPECT_EQ(heard(site_).requests, 2u * held);
  EXPECT_EQ(fresh.metric("opi_leases_taken_over_total"), 0);
  EXPECT_GE(delivered_by(*old), held);
  EXPECT_GT(delivered_by(fresh), 0);
}

TEST_P(RollingUpgrade, WhatAKilledOldDaemonHadUnderWayIsTakenOverByANewOne) {
  constexpr int held = 40;
  auto old = old_daemon_with(site_, "/slow?delay_ms=12000", slow_policy);
  hand_in(old->port(), 0, held);
  ASSERT_TRUE(eventually([&] { return count(old->port(), "delivering") == held; }));
  RunningDaemon fresh(site_, "new");
  ASSERT_EQ(count(fresh.port(), "delivering"), held) << "this machine is too slow for the receiver's delay";
  old->kill_hard();

  EXPECT_TRUE(hears_all(site_, held)) << heard(site_).accepted;
  EXPECT_TRUE(all_delivered(fresh.port()));
  EXPECT_EQ(fresh.metric("opi_leases_taken_over_total"), held);
  EXPECT_EQ(heard(site_).duplicates, 0u);
  for (const auto& one : all_deliveries(fresh.port(), auditor_)) EXPECT_EQ(one.attempts, 2);
}

class UpgradeInPlace : public Upgrade {};

TEST_P(UpgradeInPlace, GoesOnWhereTheOldVersionWasKilled) {
  Site site{nullptr};
  auto daemon = old_daemon_with(site, "/healthy");
  std::atomic<std::uint16_t> port = daemon->port();
  Load load(producer_, [&] { return port.load(); });
  ASSERT_TRUE(hears(site, 100));
  daemon->kill_hard();
  daemon = std::make_unique<RunningDaemon>(site, "old");
  port = daemon->port();
  ASSERT_TRUE(hears(site, 100));

  EXPECT_TRUE(daemon->stop().clean());
  daemon = back_again(site, "old");
  if (!daemon) daemon = std::make_unique<RunningDaemon>(site, "old");
  port = daemon->port();
  ASSERT_TRUE(hears(site, 100));

  EXPECT_TRUE(hears_all(site, load.end())) << heard(site).accepted << " of " << load.acknowledged();
  EXPECT_TRUE(all_delivered(port));
  EXPECT_LE(heard(site).duplicates, most_in_flight);
}

const auto versions =
    testing::Values(version("last", true, {}),
                    version("first", false, {{"secret_provider.local.directory", "secrets.local_directory"}}));
const auto name_of = [](const testing::TestParamInfo<Previous>& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(From, RollingUpgrade, versions, name_of);
INSTANTIATE_TEST_SUITE_P(From, UpgradeInPlace, versions, name_of);

}  // namespace
}  // namespace opi::system_test
