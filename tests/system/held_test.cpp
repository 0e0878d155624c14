#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "system/site.hpp"
#include "system/web_client.hpp"

// What a disabled destination holds back.
namespace opi::system_test {
namespace {

constexpr int events = 60, rate = 20;
const std::string destination = "/api/v1/destinations/0192f000-0000-7000-8000-000000000001";

class Held : public testing::TestWithParam<bool> {
 protected:
  Held() : cluster_(GetParam() ? std::make_unique<test::PostgresCluster>() : nullptr), site_(cluster_.get()) {
    // One at a time, so that the order in which they arrive is the order in which they were sent; and patient, so that
    // each is sent once on however busy a machine.
    site_.set("dispatch.lease_grace_ms", "60000");
    site_.provision("/healthy", R"(,"max_in_flight":1,"policy":{"timeout_ms":15000},"rate_limit_per_second":)" +
                                    std::to_string(rate));
    admin_ = site_.token("tenant_admin");
    producer_ = site_.token("producer");
    auditor_ = site_.token("auditor");
    start();
  }

  void start() { daemon_ = std::make_unique<RunningDaemon>(site_); }
  boost::json::value get(const std::string& target) {
    const auto reply = demo::HttpClient(daemon_->port()).get(target, admin_);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return boost::json::parse(reply.body);
  }
  void turn(const std::string& verb, const std::string& body) {
    const auto reply =
        demo::HttpClient(daemon_->port()).post(destination + ":" + verb, admin_, "application/json", body);
    ASSERT_EQ(reply.status, 200) << reply.body;
  }
  std::vector<std::string> held() {
    std::vector<std::string> ids;
    const auto page = get("/api/v1/deliveries?held=true&limit=200");
    for (const auto& row : page.at("deliveries").as_array()) {
      EXPECT_EQ(row.at("held").at("cause").as_string(), "disabled");
      EXPECT_NE(row.at("held").at("detail").as_string().find("maintenance"), std::string::npos) << row;
      EXPECT_EQ(row.at("attempts").to_number<int>(), 0);
      ids.emplace_back(row.at("delivery_id").as_string());
    }
    return ids;
  }
  void expect_all_held() {
    EXPECT_EQ(held().size(), static_cast<std::size_t>(events));
    EXPECT_EQ(get("/api/v1/delivery-health").at("totals").at("held_deliveries").to_number<int>(), events);
    EXPECT_EQ(received().requests, 0u);
  }
  receiver::PathStatistics received() { return site_.receiver().statistics().path("/healthy"); }

  std::unique_ptr<test::PostgresCluster> cluster_;
  Site site_;
  std::string admin_, producer_, auditor_;
  std::unique_ptr<RunningDaemon> daemon_;
};

// By the receiver's own record, which can only be denser than what was sent by what one request is late.
void expect_no_burst(const std::vector<receiver::Acceptance>& arrivals) {
  constexpr double burst = rate, late = 2;
  for (std::size_t i = 0; i < arrivals.size(); ++i)
    for (std::size_t j = i; j < arrivals.size(); ++j) {
      const double seconds = std::chrono::duration<double>(arrivals[j].unix_time - arrivals[i].unix_time).count();
      ASSERT_LE(static_cast<double>(j - i + 1), burst + rate * seconds + late) << i << " to " << j;
    }
}

TEST_P(Held, WhatWasDueIsKeptShownAndSentInOrderWithinTheRate) {
  turn("disable", R"({"reason":"maintenance until Monday"})");
  for (int number = 0; number < events; ++number)
    ASSERT_EQ(
        demo::HttpClient(daemon_->port()).post("/api/v1/events", producer_, "application/json", event(number)).status,
        202);
  expect_all_held();
  ASSERT_TRUE(daemon_->stop().clean());
  start();
  expect_all_held();
  daemon_->kill_hard();
  start();
  expect_all_held();

  const auto ids = held();
  turn("enable", "");
  ASSERT_TRUE(eventually([&] { return received().accepted == events; })) << received().accepted;
  EXPECT_EQ(received().requests, static_cast<std::uint64_t>(events)) << "each once";
  expect_no_burst(received().acceptances);
  // The receiver knows them by their idempotency keys, the daemon tells which those were. Those accepted within the
  // same millisecond have no order.
  std::map<std::string, std::string> accepted_at;
  for (const auto& id : ids) {
    const auto shown = get("/api/v1/deliveries/" + id);
    accepted_at["msg_" + std::string(shown.at("idempotency_key").as_string())] = shown.at("created_at").as_string();
  }
  std::vector<std::string> arrived;
  for (const auto& one : received().acceptances) arrived.push_back(accepted_at.at(one.id));
  EXPECT_TRUE(std::ranges::is_sorted(arrived));
  EXPECT_LT(arrived.front(), arrived.back()) << "the test proves nothing about their order";
  ASSERT_TRUE(eventually([&] {
    const auto all = all_deliveries(daemon_->port(), auditor_);
    return std::ranges::all_of(all, [](const auto& one) { return one.state == "delivered" && one.attempts == 1; });
  }));
  EXPECT_TRUE(held().empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, Held, testing::Bool(),
                         [](const auto& store) { return store.param ? "PostgreSQL" : "SQLite"; });

}  // namespace
}  // namespace opi::system_test
