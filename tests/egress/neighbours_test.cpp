#include <gmock/gmock.h>

#include <condition_variable>

#include "egress/exchange.hpp"
#include "egress/outbound.hpp"
#include "egress/raw_server.hpp"
#include "unit/recording_logger.hpp"

// Tenants that share the transport: one whose requests are slow, or never answered, and one that is well.
namespace opi::egress {
namespace {

using test::ip;
using test::patience;
using test::Peer;
using test::post;
using test::RawServer;
using namespace std::chrono_literals;
using testing::HasSubstr;

// Answers at once, but for what is asked for below /hang: that is answered when the test lets it go, one by one.
class Receiver {
 public:
  ~Receiver() { let_go(1'000); }
  [[nodiscard]] std::string url(const std::string& target) const { return server_.url(target); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] int connections() const { return server_.connections(); }
  void let_go(int count) {
    const std::lock_guard lock(mutex_);
    free_ += count;
    changed_.notify_all();
  }
  bool wait_for_hanging(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return hanging_ >= count; });
  }
  int hanging() {
    const std::lock_guard lock(mutex_);
    return hanging_;
  }
  // What was asked for, in order, without the slash.
  std::vector<std::string> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }

 private:
  void serve(Peer& peer) {
    for (;;) {
      const auto request = peer.read_request();
      if (request.empty()) return;
      const auto target = request.find('/') + 1;
      std::unique_lock lock(mutex_);
      order_.push_back(request.substr(target, request.find(' ', target) - target));
      if (order_.back().starts_with("hang")) {
        ++hanging_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return free_ > 0; });
        --free_;
        --hanging_;
      }
      lock.unlock();
      peer.write(test::response(200, ""));
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int hanging_ = 0, free_ = 0;
  std::vector<std::string> order_;
  RawServer server_{[this](Peer& peer) { serve(peer); }};
};

class Neighbours : public test::Outbound {
 protected:
  std::future<delivery::HttpResponse> start_of(const std::string& tenant, const std::string& url) {
    auto request = post(url, "{}", 60s);
    request.tenant = test::tenant(tenant);
    return start(std::move(request));
  }
  // The tenant whose requests hang.
  void slow(const std::string& url) { slow_.push_back(start_of("slow", url)); }
  int well(const std::string& url) { return await(start_of("well", url)).status; }
  // Another origin with the same receiver.
  std::string elsewhere(const Receiver& receiver, const std::string& host, const std::string& target) {
    resolver_.answer(host, {{ip("127.0.0.1")}});
    return "http://" + host + ":" + std::to_string(receiver.port()) + target;
  }
  void expect_all_answered() {
    for (auto& one : slow_) EXPECT_EQ(await(std::move(one)).status, 200);
  }
  std::vector<std::future<delivery::HttpResponse>> slow_;
};

TEST_F(Neighbours, OneWhoseRequestsAreNeverAnsweredLeavesPlacesAtTheirCommonOrigin) {
  options_.max_connections_per_origin = 8;
  Receiver receiver;
  for (int i = 0; i < 20; ++i) slow(receiver.url("/hang"));
  ASSERT_TRUE(receiver.wait_for_hanging(7)) << "alone, it has all but one";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(well(receiver.url("/well")), 200);
  EXPECT_EQ(receiver.hanging(), 7);
  receiver.let_go(1'000);
  expect_all_answered();
}

TEST_F(Neighbours, WhereNothingIsFreeTheyTakeTurns) {
  options_.max_connections_per_origin = 1;
  Receiver receiver;
  for (int i = 0; i < 4; ++i) slow(receiver.url("/hang" + std::to_string(i)));
  ASSERT_TRUE(receiver.wait_for_hanging(1));
  auto response = start_of("well", receiver.url("/well"));
  receiver.let_go(1'000);
  EXPECT_EQ(await(std::move(response)).status, 200);
  expect_all_answered();
  EXPECT_THAT(receiver.order(), testing::ElementsAre("hang0", "hang1", "well", "hang2", "hang3"));
  EXPECT_EQ(receiver.connections(), 1) << "the connection goes from hand to hand";
}

TEST_F(Neighbours, OneWithManyOriginsLeavesPlacesAmongAllConnections) {
  options_.max_connections = 8;
  Receiver receiver;
  for (int i = 0; i < 20; ++i) slow(elsewhere(receiver, "slow" + std::to_string(i) + ".test", "/hang"));
  ASSERT_TRUE(receiver.wait_for_hanging(7));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(well(receiver.url("/well")), 200);
  EXPECT_EQ(receiver.hanging(), 7);
  receiver.let_go(1'000);
  expect_all_answered();
}

TEST_F(Neighbours, WhereNoConnectionIsFreeTheyTakeTurnsOverAllOrigins) {
  options_.max_connections = 1;
  Receiver receiver;
  for (int i = 0; i < 4; ++i)
    slow(elsewhere(receiver, "slow" + std::to_string(i) + ".test", "/hang" + std::to_string(i)));
  ASSERT_TRUE(receiver.wait_for_hanging(1));
  auto response = start_of("well", receiver.url("/well"));
  receiver.let_go(1'000);
  EXPECT_EQ(await(std::move(response)).status, 200);
  expect_all_answered();
  EXPECT_THAT(receiver.order(), testing::ElementsAre("hang0", "hang1", "well", "hang2", "hang3"));
}

TEST_F(Neighbours, AConnectionIsReusedWhoeverItWasOpenedFor) {
  Receiver receiver;
  EXPECT_EQ(await(start_of("slow", receiver.url("/quick"))).status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(well(receiver.url("/well")), 200);
  EXPECT_EQ(receiver.connections(), 1);
  EXPECT_EQ(transport().statistics().reused, 3u);
}

// The first lookup never ends, the second does.
TEST_F(Neighbours, AConnectionThatCannotBeMadeFailsWhomItWasFor) {
  class Resolver final : public egress::Resolver {
   public:
    void resolve(const std::string&, const TenantId& tenant, Callback done) override {
      if (tenant.str() == "well") done({{ip("127.0.0.1")}, {}});
    }
  } resolver;
  options_.connect_timeout = 500ms;
  transport_ = std::make_unique<HttpTransport>(resolver, guard_, options_);
  Receiver receiver;
  const auto base = "http://shared.test:" + std::to_string(receiver.port());
  slow(base + "/quick");
  auto response = start_of("well", base + "/hang");
  const auto failed = await(std::move(slow_.front()));
  EXPECT_EQ(failed.fault, TransportFault::timeout);
  EXPECT_THAT(failed.fault_detail, HasSubstr("resolving"));
  receiver.let_go(1);
  EXPECT_EQ(await(std::move(response)).status, 200);
}

// It must not throw; if it does, it is logged, and costs nobody anything.
TEST_F(Neighbours, ACompletionThatThrowsEndsNothing) {
  test::RecordingLogger logger;
  options_.logger = &logger;
  Receiver receiver;
  transport().send(post(receiver.url("/bad")), [](delivery::HttpResponse&&) { throw std::runtime_error("thrown"); });
  transport().send(post(receiver.url("/worse")), [](delivery::HttpResponse&&) { throw 7; });
  EXPECT_EQ(well(receiver.url("/well")), 200);
  transport_.reset();
  EXPECT_THAT(logger.text(),
              testing::AllOf(HasSubstr("egress.failed"), HasSubstr("thrown"), HasSubstr("no known kind")));
}

TEST(Exchange, OneThatIsLostTellsWhoSentIt) {
  std::vector<delivery::HttpResponse> told;
  std::atomic<std::int64_t> in_flight{1};
  {
    Exchange exchange;
    exchange.done = [&](delivery::HttpResponse&& response) { told.push_back(std::move(response)); };
    exchange.in_flight = &in_flight;
    exchange.response.request_sent = true;
    exchange.response.status = 200;
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].fault, TransportFault::cancelled);
  EXPECT_TRUE(told[0].request_sent);
  EXPECT_EQ(told[0].status, 0);
  EXPECT_EQ(in_flight, 0);
}

}  // namespace
}  // namespace opi::egress
