#include "receiver/receiver.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "crypto/digest.hpp"
#include "egress/outbound.hpp"
#include "receiver/signature_check.hpp"

namespace opi::receiver {
namespace {

using test::patience;
using test::post;
using namespace std::chrono_literals;

constexpr const char* secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* other_secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

SignatureVerdict check(const SignedMessage& message, std::chrono::seconds now) {
  const Key key = parse_secret(secret).value();
  return check_signature(message, {&key, 1}, now, 300s);
}

// The published vectors of Standard Webhooks.
TEST(SignatureCheck, TakesTheVectors) {
  SignedMessage message;
  message.id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  message.timestamp = "1614265330";
  message.signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  message.body = R"({"test": 2432232314})";
  EXPECT_EQ(check(message, 1614265330s), SignatureVerdict::good);

  SignedMessage second;
  second.id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
  second.timestamp = "1649367553";
  second.signature = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
  second.body = R"({"email":"test@example.com","username":"test_user"})";
  EXPECT_EQ(check(second, 1649367553s), SignatureVerdict::bad);
  const std::vector<Key> keys{parse_secret(secret).value(), parse_secret(other_secret).value()};
  EXPECT_EQ(check_signature(second, keys, 1649367553s, 300s), SignatureVerdict::good);
}

TEST(SignatureCheck, HoldsTheReplayWindowAtItsEdges) {
  SignedMessage message;
  message.id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  message.timestamp = "1614265330";
  message.signature = "v1a,ignored v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  message.body = R"({"test": 2432232314})";
  EXPECT_EQ(check(message, 1614265330s + 300s), SignatureVerdict::good);
  EXPECT_EQ(check(message, 1614265330s - 300s), SignatureVerdict::good);
  EXPECT_EQ(check(message, 1614265330s + 301s), SignatureVerdict::outside_window);
  EXPECT_EQ(check(message, 1614265330s - 301s), SignatureVerdict::outside_window);
}

TEST(SignatureCheck, EveryPartOfTheContentCounts) {
  const SignedMessage good{
      "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "", "",
      R"({"test": 2432232314})"};
  EXPECT_EQ(check(good, 1614265330s), SignatureVerdict::good);
  for (const auto change : {0, 1, 2, 3, 4}) {
    SignedMessage message = good;
    if (change == 0) message.id = "msg_other";
    if (change == 1) message.timestamp = "1614265331";
    if (change == 2) message.body = "{}";
    if (change == 3) message.signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=";
    if (change == 4) message.id = "";
    EXPECT_EQ(check(message, 1614265330s), SignatureVerdict::bad) << change;
  }
  SignedMessage none = good;
  none.signature = {};
  EXPECT_EQ(check(none, 1614265330s), SignatureVerdict::missing);
}

TEST(SignatureCheck, TakesOneprotectV1AloneAndBesideTheStandard) {
  const Key key = parse_secret(secret).value();
  const std::string mac = crypto::to_hex(crypto::hmac_sha256(key, "1614265330.body"));
  SignedMessage message;
  message.oneprotect_timestamp = "1614265330";
  message.oneprotect_signature = mac;
  message.body = "body";
  EXPECT_EQ(check(message, 1614265330s), SignatureVerdict::good);
  EXPECT_EQ(check(message, 1614265631s), SignatureVerdict::outside_window);
  message.body = "other";
  EXPECT_EQ(check(message, 1614265330s), SignatureVerdict::bad);
  message.body = "body";
  message.signature = "v1,AAAA";  // a bad standard signature is not saved by a good one beside it
  message.id = "msg_1";
  message.timestamp = "1614265330";
  EXPECT_EQ(check(message, 1614265330s), SignatureVerdict::bad);
}

TEST(SignatureCheck, SecretsHaveTheirForm) {
  EXPECT_TRUE(parse_secret("whsec_" + crypto::to_base64(std::vector<std::uint8_t>(24))));
  EXPECT_TRUE(parse_secret("whsec_" + crypto::to_base64(std::vector<std::uint8_t>(64))));
  EXPECT_FALSE(parse_secret("whsec_" + crypto::to_base64(std::vector<std::uint8_t>(23))));
  EXPECT_FALSE(parse_secret("whsec_" + crypto::to_base64(std::vector<std::uint8_t>(65))));
  EXPECT_FALSE(parse_secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  EXPECT_FALSE(parse_secret("whsec_!"));
}

class ReceiverPlays : public test::Outbound {
 protected:
  static ReceiverOptions options() {
    ReceiverOptions made;
    made.secrets = {secret};
    made.slow_delay = 30ms;
    return made;
  }
  // A delivery signed now, or as many seconds off.
  delivery::HttpResponse deliver(const std::string& path, const std::string& id, std::chrono::seconds off = 0s) {
    auto request = post(receiver_.url(path), R"({"a":1})");
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    const auto timestamp = std::to_string((now + off).count());
    const auto mac = crypto::hmac_sha256(parse_secret(secret).value(), id + "." + timestamp + "." + request.body);
    request.headers = {
        {"webhook-id", id}, {"webhook-timestamp", timestamp}, {"webhook-signature", "v1," + crypto::to_base64(mac)}};
    return send(std::move(request));
  }
  Receiver receiver_{options()};
};

TEST_F(ReceiverPlays, Healthy) {
  EXPECT_EQ(deliver("/healthy/acme", "msg_1").status, 200);
  EXPECT_EQ(deliver("/healthy/acme", "msg_2").status, 200);
  EXPECT_EQ(deliver("/healthy/acme", "msg_1").status, 200);
  const auto path = receiver_.statistics().path("/healthy/acme");
  EXPECT_EQ(path.requests, 3u);
  EXPECT_EQ(path.accepted, 2u);
  EXPECT_EQ(path.duplicates, 1u);
  ASSERT_EQ(path.acceptances.size(), 2u);
  EXPECT_EQ(path.acceptances[0].id, "msg_1");
}

TEST_F(ReceiverPlays, StrangersAreRefused) {
  EXPECT_EQ(send(post(receiver_.url("/healthy"))).status, 401);
  EXPECT_EQ(deliver("/healthy", "msg_1", -400s).status, 401);
  EXPECT_EQ(deliver("/healthy", "msg_1", 400s).status, 401);
  const auto path = receiver_.statistics().path("/healthy");
  EXPECT_EQ(path.bad_signatures, 1u);
  EXPECT_EQ(path.outside_window, 2u);
  EXPECT_EQ(path.accepted, 0u);
}

TEST_F(ReceiverPlays, FlakyPerId) {
  for (const char* id : {"msg_1", "msg_2"}) {
    EXPECT_EQ(deliver("/flaky", id).status, 503);
    EXPECT_EQ(deliver("/flaky", id).status, 503);
    EXPECT_EQ(deliver("/flaky", id).status, 200);
  }
  EXPECT_EQ(receiver_.statistics().path("/flaky").duplicates, 0u);
}

TEST_F(ReceiverPlays, Throttling) {
  const auto first = deliver("/throttling", "msg_1");
  EXPECT_EQ(first.status, 429);
  EXPECT_THAT(first.headers, testing::Contains(delivery::Header{"Retry-After", "1"}));
  EXPECT_EQ(deliver("/throttling", "msg_1").status, 200);
}

TEST_F(ReceiverPlays, RejectingEchoesWhatLooksSecret) {
  const auto response = deliver("/rejecting", "msg_1");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, testing::HasSubstr("Bearer sk_live_"));
}

TEST_F(ReceiverPlays, Gone) { EXPECT_EQ(deliver("/gone", "msg_1").status, 410); }

TEST_F(ReceiverPlays, Slow) {
  const auto response = deliver("/slow", "msg_1");
  EXPECT_EQ(response.status, 200);
  EXPECT_GE(response.elapsed, 25ms);  // that it was late at all, not how late
}

TEST_F(ReceiverPlays, SlowCountsNoAcceptanceOnceTheSenderHasGone) {
  auto request = post(receiver_.url("/slow?delay_ms=60000"), "{}", 100ms);
  ReceiverOptions unverified = options();
  unverified.verify = false;
  Receiver receiver(unverified);
  request.url = receiver.url("/slow?delay_ms=60000");
  EXPECT_EQ(send(request).fault, TransportFault::timeout);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (receiver.statistics().path("/slow").statuses[0] == 0) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  EXPECT_EQ(receiver.statistics().path("/slow").accepted, 0u);
}

TEST_F(ReceiverPlays, Resetting) {
  EXPECT_EQ(deliver("/resetting", "msg_1").fault, TransportFault::reset);
  EXPECT_EQ(deliver("/resetting?first=1", "msg_2").fault, TransportFault::reset);
  EXPECT_EQ(deliver("/resetting?first=1", "msg_2").status, 200);
}

TEST_F(ReceiverPlays, BenchCountsOnly) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send(post(receiver_.url("/bench"))).status, 200);
  EXPECT_EQ(receiver_.bench_requests(), 10u);
  EXPECT_TRUE(receiver_.statistics().paths.empty());
}

TEST_F(ReceiverPlays, TellsItsStatisticsAsJson) {
  deliver("/healthy", "msg_1");
  auto request = post(receiver_.url("/_stats?acceptances=1"), "");
  request.method = "GET";
  const auto response = send(request);
  ASSERT_EQ(response.status, 200);
  const auto json = boost::json::parse(response.body);
  EXPECT_EQ(json.at("paths").at("/healthy").at("accepted").as_int64(), 1);
  EXPECT_EQ(json.at("paths").at("/healthy").at("acceptances").at(0).at("id").as_string(), "msg_1");
}

TEST_F(ReceiverPlays, UnknownPathsAndBrokenRequests) {
  EXPECT_EQ(deliver("/nothing", "msg_1").status, 404);
  ReceiverOptions small = options();
  small.max_body_bytes = 100;
  Receiver receiver(small);
  EXPECT_EQ(send(post(receiver.url("/bench"), std::string(100, 'x'))).status, 200);
  EXPECT_EQ(send(post(receiver.url("/bench"), std::string(101, 'x'))).status, 413);
}

TEST_F(ReceiverPlays, StopsGracefullyWhileAnswersAreDue) {
  auto pending = start(post(receiver_.url("/slow?delay_ms=60000")));
  receiver_.stop();
  receiver_.stop();
  EXPECT_NE(await(std::move(pending)).status, 200);
}

}  // namespace
}  // namespace opi::receiver
