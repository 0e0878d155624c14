#include <gtest/gtest.h>

#include <algorithm>

#include "fleet/fleet_site.hpp"

// What daemons of one database do for each other: what one does for all, and what is told to the one that it concerns.
namespace opi::system_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t many = 24;  // so that each daemon serves some
const std::string told = "ticket.delivery";

// The first request of each takes long enough to be under way when its daemon is killed.
Ledger::Answer answer(const std::string& path, int nth) {
  return {.delay = milliseconds{path.starts_with("/slow") && nth == 1 ? 2'000 : 0}};
}

std::vector<FleetSite::Destination> destinations(const std::string& name) {
  std::vector<FleetSite::Destination> all;
  for (std::size_t i = 0; i < many; ++i) all.push_back({name + std::to_string(i), ""});
  all.push_back({told, "", 0});
  return all;
}

class FleetDuties : public testing::Test {
 protected:
  static double accepted_by(const RunningDaemon& daemon) {
    return daemon.metric("opi_events_total{result=\"accepted\"}");
  }
  static double sent_by(const RunningDaemon& daemon) {
    return daemon.metric("opi_attempts_total{result=\"succeeded\"}");
  }
  // Of the daemons that are awake exactly one leads; waits for it.
  static std::string leader_of(FleetSite& fleet) {
    std::string name;
    EXPECT_TRUE(eventually([&] {
      int leaders = 0;
      for (const auto& one : fleet.awake())
        if (fleet.daemon(one).metric("opi_leads") == 1) {
          ++leaders;
          name = one;
        }
      return leaders == 1;
    }));
    return name;
  }
  static void publish(FleetSite& fleet, int number, const std::string& type = "slow0.by_sql") {
    fleet.execute(R"(SELECT opi.publish('{"event_id":"by-sql-)" + std::to_string(number) + R"(","event_type":")" +
                  type +
                  R"(","schema_version":"1.0","tenant_id":"acme","source":"test","timestamp":"2026-01-01T00:00:00Z",)"
                  R"("correlation_id":"c","payload":{"number":0}}'))");
  }
};

TEST_F(FleetDuties, AreDoneByOneDaemonAndByAnotherWhenItIsKilled) {
  FleetSite fleet(answer, destinations("slow"));
  fleet.join({"a", "b", "c"});
  const auto leader = leader_of(fleet);
  const auto heard = [&] { return fleet.ledger().requests("/" + told); };
  for (int i = 0; i < 5; ++i) publish(fleet, i);
  EXPECT_TRUE(eventually([&] { return accepted_by(fleet.daemon(leader)) == 5; })) << "the inbox";
  EXPECT_TRUE(eventually([&] { return heard() >= 5; })) << "the feed";
  for (const auto& one : fleet.awake())
    if (one != leader) {
      EXPECT_EQ(accepted_by(fleet.daemon(one)), 0) << one << " drains the inbox, too";
    }

  // What its successor finds: something that is old enough to go, and what was under way.
  publish(fleet, 100, "nobody.asked");
  EXPECT_TRUE(eventually([&] { return accepted_by(fleet.daemon(leader)) == 6; }));
  std::string path;
  for (std::size_t i = 1; i < many && path.empty(); ++i)
    if (fleet.server_of(i) == leader) path = "/slow" + std::to_string(i);
  ASSERT_FALSE(path.empty());
  fleet.post(1);
  ASSERT_TRUE(eventually([&] { return fleet.ledger().requests(path) == 1; }));
  fleet.kill(leader);
  fleet.execute("UPDATE integration_events SET received_at = received_at - interval '400 days'");
  EXPECT_TRUE(eventually([&] { return fleet.ledger().requests(path) >= 2; })) << "what it had under way goes on";

  const auto next = leader_of(fleet);
  ASSERT_NE(next, leader);
  EXPECT_TRUE(eventually([&] { return fleet.daemon(next).metric("opi_leases_taken_over_total") >= 1; }));
  const int heard_before = heard();
  const double accepted_before = accepted_by(fleet.daemon(next));
  const auto left = fleet.awake();
  const auto third = left[0] == next ? left[1] : left[0];
  const double of_third = accepted_by(fleet.daemon(third));
  for (int i = 5; i < 10; ++i) publish(fleet, i);
  EXPECT_TRUE(eventually([&] { return accepted_by(fleet.daemon(next)) == accepted_before + 5; })) << "the inbox";
  EXPECT_TRUE(eventually([&] { return heard() >= heard_before + 5; })) << "the feed";
  const std::string removed = "opi_retention_removed_total{what=\"events\"}";
  // One that led before, while the others joined, has made its round of this quarter of an hour.
  const auto log = fleet.daemon(next).log();
  if (log.find("\"leads\":true") == log.rfind("\"leads\":true")) {
    EXPECT_TRUE(eventually([&] { return fleet.daemon(next).metric(removed) == 1; })) << "retention";
  }
  EXPECT_EQ(accepted_by(fleet.daemon(third)), of_third);
  EXPECT_EQ(fleet.daemon(third).metric(removed), 0);
  EXPECT_EQ(fleet.daemon(third).metric("opi_leases_taken_over_total"), 0);
  EXPECT_NE(fleet.site().control({"doctor", "--json"}).find("and did not leave"), std::string::npos);
}

// Rounds over all destinations are a minute apart here: of three waves, each awaited for less than half of that, at
// least one falls between two rounds, and only what is announced is delivered then.
TEST_F(FleetDuties, WhatOneDaemonStoresIsDeliveredByTheOneItBelongsTo) {
  FleetSite fleet(answer, destinations("fast"), {{"dispatch.discovery_interval_ms", "60000"}});
  fleet.join({"a", "b"});
  std::map<std::string, double> own;
  for (std::size_t i = 0; i < many; ++i) {
    const auto server = fleet.server_of(i);
    fleet.post_one(i, server == "a" ? "b" : "a");
    ++own[server];
    if (i % (many / 3) + 1 < many / 3) continue;
    EXPECT_TRUE(eventually(
        [&] {
          for (std::size_t one = 0; one <= i; ++one)
            if (fleet.ledger().requests("/fast" + std::to_string(one)) != 1) return false;
          return true;
        },
        seconds{25}))
        << "wave " << i;
  }
  for (const auto& [name, count] : own) {
    EXPECT_TRUE(eventually([&] { return sent_by(fleet.daemon(name)) >= count; }));
    // What is told of the deliveries goes to one destination more.
    EXPECT_LE(sent_by(fleet.daemon(name)), count + fleet.ledger().requests("/" + told));
  }
}

TEST_F(FleetDuties, WhoServesADestinationIsToldByAllAndNoneTellsMoreThanItKnows) {
  FleetSite fleet([](const std::string&, int) { return Ledger::Answer{.status = 503}; },
                  {{"broken", R"(,"max_in_flight":1)"}},
                  {{"breaker.cooldown_ms", "60000"}, {"breaker.max_cooldown_ms", "60000"}});
  fleet.join({"a", "b"});
  const std::string server = fleet.server_of(0), other = server == "a" ? "b" : "a";
  fleet.post(20);
  ASSERT_TRUE(eventually([&] { return fleet.runtime(server, 0).at("breaker").at("state") == "open"; }));
  EXPECT_TRUE(fleet.runtime(server, 0).at("served_here").as_bool());
  EXPECT_TRUE(eventually([&] { return fleet.runtime(other, 0).at("breaker").at("state") == "open"; }));
  const auto elsewhere = fleet.runtime(other, 0);
  EXPECT_FALSE(elsewhere.at("served_here").as_bool());
  EXPECT_TRUE(elsewhere.at("breaker").at("probe_at").is_string());
  EXPECT_TRUE(elsewhere.at("paused_until").is_null());
  EXPECT_EQ(elsewhere.at("in_flight").to_number<int>(), 0);
  EXPECT_TRUE(eventually([&] { return fleet.daemon(server).metric("opi_breakers_open") == 1; }));
  EXPECT_EQ(fleet.daemon(server).metric("opi_daemons"), 2);
  EXPECT_TRUE(eventually([&] { return fleet.daemon(server).metric("opi_destinations_served") == 1; }));
  EXPECT_EQ(fleet.daemon(other).metric("opi_destinations_served"), 0);
  const std::string id(elsewhere.at("served_by").as_string().c_str());
  EXPECT_NE(fleet.site().control({"status", "--tenant", "acme", "--json"}).find("\"served_by\":\"" + id + "\""),
            std::string::npos);
  EXPECT_NE(fleet.site().control({"doctor", "--json"}).find("destinations are shared between"), std::string::npos);
}

}  // namespace
}  // namespace opi::system_test
