#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <thread>

#include "system/site.hpp"

// The oracle of loss and duplicates: real processes, killed.
namespace opi::system_test {
namespace {

constexpr int events = 2'000, batch = 20;

// Hands in all events, each until it is acknowledged, over every crash; as a producer does that keeps what it was
// not told to be stored.
class Producer {
 public:
  Producer(std::string token, std::function<std::uint16_t()> port) : token_(std::move(token)), port_(std::move(port)) {
    thread_ = std::thread([this] {
      for (int first = 0; first < events; first += batch) publish(first);
    });
  }
  ~Producer() { thread_.join(); }
  [[nodiscard]] int acknowledged() const { return acknowledged_; }

 private:
  void publish(int first) {
    std::string body;
    for (int i = first; i < first + batch; ++i) body += event(i) + "\n";
    const auto accepted = [&] {
      try {
        return demo::HttpClient(port_()).post("/api/v1/events", token_, "application/x-ndjson", body).status == 202;
      } catch (const std::exception&) {
        return false;  // the daemon is away
      }
    };
    if (eventually(accepted)) acknowledged_ += batch;
  }

  const std::string token_;
  const std::function<std::uint16_t()> port_;
  std::atomic<int> acknowledged_ = 0;
  std::thread thread_;
};

std::uint64_t received(Site& site, const char* path = "/healthy") {
  return site.receiver().statistics().path(path).accepted;
}

void expect_states_and_attempts_agree(std::uint16_t port, const std::string& auditor) {
  const auto deliveries = all_deliveries(port, auditor);
  EXPECT_EQ(deliveries.size(), static_cast<std::size_t>(events));
  int interrupted = 0;
  for (const auto& delivery : deliveries) {
    ASSERT_EQ(delivery.state, "delivered") << delivery.id;
    const auto reply = demo::HttpClient(port).get("/api/v1/deliveries/" + delivery.id + "/attempts", auditor);
    const auto answer = boost::json::parse(reply.body);
    const auto& attempts = answer.at("attempts").as_array();
    ASSERT_EQ(attempts.size(), static_cast<std::size_t>(delivery.attempts)) << reply.body;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      EXPECT_EQ(attempts[i].at("number").to_number<std::size_t>(), i + 1) << reply.body;
      const bool last = i + 1 == attempts.size();
      EXPECT_EQ(attempts[i].at("result").as_string() == "succeeded", last) << reply.body;
      interrupted += attempts[i].at("result").as_string() == "interrupted";
    }
  }
  EXPECT_GT(interrupted, 0) << "no kill met a delivery under way: the test proves nothing";
}

class Crashes : public testing::TestWithParam<bool> {};

TEST_P(Crashes, SigkillUnderLoadLosesNothing) {
  std::unique_ptr<test::PostgresCluster> cluster;
  if (GetParam()) cluster = std::make_unique<test::PostgresCluster>();
  Site site(cluster.get());
  // Answers take a moment, so that whenever a daemon is killed some thirty deliveries are under way.
  site.provision("/slow?delay_ms=50", R"(,"rate_limit_per_second":600)");
  const auto producer_token = site.token("producer"), auditor = site.token("auditor");
  auto daemon = std::make_unique<RunningDaemon>(site);
  std::atomic<std::uint16_t> port = daemon->port();
  {
    const Producer producer(producer_token, [&port] { return port.load(); });
    for (const std::uint64_t kill_at : {200, 600, 1'100, 1'500}) {
      ASSERT_TRUE(eventually([&] { return received(site, "/slow") >= kill_at; }))
          << received(site, "/slow") << daemon->log();
      daemon->kill_hard();
      daemon = std::make_unique<RunningDaemon>(site);
      port = daemon->port();
    }
    ASSERT_TRUE(eventually([&] { return producer.acknowledged() == events; }));
  }
  ASSERT_TRUE(eventually([&] { return received(site, "/slow") == events; }))
      << received(site, "/slow") << " of " << events;
  ASSERT_TRUE(eventually([&] {
    const auto deliveries = all_deliveries(port, auditor);
    return std::ranges::all_of(deliveries, [](const auto& d) { return d.state == "delivered"; });
  }));
  expect_states_and_attempts_agree(port, auditor);
  EXPECT_EQ(site.receiver().statistics().path("/slow").statuses.count(401), 0u);
  EXPECT_TRUE(daemon->stop().clean());
  EXPECT_NE(site.control({"audit", "verify", "--tenant", "acme"}).find("holds"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Stores, Crashes, testing::Bool(),
                         [](const auto& store) { return store.param ? "PostgreSQL" : "SQLite"; });

TEST(Fleet, TwoDaemonsShareTheWorkWithoutDoubleClaims) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  site.provision("/healthy");
  const auto producer_token = site.token("producer"), auditor = site.token("auditor");
  RunningDaemon one(site, "one"), two(site, "two");
  {
    const Producer producer(producer_token, [&] { return one.port(); });
    ASSERT_TRUE(eventually([&] { return producer.acknowledged() == events; }));
  }
  ASSERT_TRUE(eventually([&] { return received(site) == events; })) << received(site);
  EXPECT_EQ(site.receiver().statistics().path("/healthy").duplicates, 0u);
  const std::string succeeded = "opi_attempts_total{result=\"succeeded\"}";
  ASSERT_TRUE(eventually([&] { return one.metric(succeeded) + two.metric(succeeded) == events; }));
}

TEST(Fleet, AKilledDaemonLeavesNothingStuckBeyondItsLease) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  site.provision("/healthy", R"(,"rate_limit_per_second":800)");
  const auto producer_token = site.token("producer"), auditor = site.token("auditor");
  RunningDaemon one(site, "one"), two(site, "two");
  const Producer producer(producer_token, [&] { return two.port(); });
  ASSERT_TRUE(eventually([&] { return received(site) >= 500 && one.metric("opi_claims_total") > 0; }));
  one.kill_hard();
  ASSERT_TRUE(eventually([&] { return received(site) == events; })) << received(site);
  ASSERT_TRUE(eventually([&] {
    const auto deliveries = all_deliveries(two.port(), auditor);
    return std::ranges::all_of(deliveries, [](const auto& d) { return d.state == "delivered"; });
  }));
}

}  // namespace
}  // namespace opi::system_test
