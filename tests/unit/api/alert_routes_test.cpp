#include "domain/new_uuid.hpp"
#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

constexpr const char* rules = "/api/v1/alert-rules";

class AlertRoutes : public test::WithAdministration {
 protected:
  Alert given(int destination, AlertKind kind, std::optional<UnixTime> cleared = std::nullopt,
              const std::string& tenant = "acme") {
    Alert alert;
    alert.id = new_uuid(clock, random);
    alert.tenant = *TenantId::parse(tenant);
    alert.destination = test::destination_id(destination);
    alert.kind = kind;
    alert.detail = "4 attempts in a row have failed";
    alert.since = clock.unix_now() - std::chrono::hours{1};
    alert.raised_at = clock.unix_now();
    alerts.raise({&alert, 1});
    alert.cleared_at = cleared;
    alert.recipients = 2;
    alerts.update({&alert, 1});
    return alert;
  }
};

TEST_F(AlertRoutes, TheRulesShowWhatIsSetAndWhatHolds) {
  const auto before = read(rules);
  ASSERT_EQ(before.status, 200) << before.body;
  EXPECT_EQ(json(before).at("alert_rules").as_object().size(), 0u);
  EXPECT_EQ(json(before).at("effective_alert_rules").as_object().size(), alert_rules.size());
  EXPECT_EQ(json(before).at("effective_alert_rules").at("disable_after_days").as_int64(), 0) << "off unless asked for";
  const auto response = call("PUT", rules, R"({"failing_minutes":30,"dead_letters":0})", etag(before));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(boost::json::serialize(json(response).at("alert_rules")), R"({"failing_minutes":30,"dead_letters":0})");
  EXPECT_EQ(json(response).at("effective_alert_rules").at("failing_minutes").as_int64(), 30);
  EXPECT_EQ(json(response).at("effective_alert_rules").at("held_minutes").as_int64(), 15);
  EXPECT_NE(etag(response), etag(before));
  EXPECT_EQ(read(rules).body, response.body);
  EXPECT_EQ(last_audited().action, audit::Action::alert_rules_changed);
  EXPECT_EQ(last_audited().details, R"({"changed":["failing_minutes","dead_letters"]})");
  EXPECT_EQ(json(call("PUT", "/api/v1/policy", R"({"max_attempts":2})", "*")).at("policy").as_object().size(), 1u);
  EXPECT_EQ(json(read(rules)).at("alert_rules").as_object().size(), 2u) << "another change leaves them alone";
}

TEST_F(AlertRoutes, ChangingNeedsTheETag) {
  const auto old = etag(read(rules));
  EXPECT_EQ(call("PUT", rules, "{}").status, 428);
  EXPECT_EQ(call("PUT", rules, R"({"held_minutes":5})", old).status, 200);
  EXPECT_EQ(call("PUT", rules, R"({"held_minutes":6})", old).status, 412);
}

TEST_F(AlertRoutes, EachRuleHasItsLimits) {
  for (const auto& rule : alert_rules) {
    const auto with = [&](int value) {
      return call("PUT", rules, R"({")" + std::string(rule.name) + "\":" + std::to_string(value) + "}", "*");
    };
    const auto name = std::string(rule.name);
    EXPECT_EQ(with(rule.least).status, 200) << name;
    EXPECT_EQ(with(rule.most).status, 200) << name;
    EXPECT_EQ(with(0).status, rule.may_be_off ? 200 : 422) << name;
    EXPECT_EQ(with(-1).status, 422) << name;
    EXPECT_TRUE(errors(with(rule.most + 1)).starts_with(name + ": must be a whole number")) << name;
    if (rule.may_be_off && rule.least > 1) {
      EXPECT_EQ(errors(with(rule.least - 1)),
                name + ": must be 0, which is off, or at least " + std::to_string(rule.least));
    }
  }
  EXPECT_EQ(errors(call("PUT", rules, R"({"colour":1,"held_minutes":"x"})", "*")),
            "colour: is not a known member\nheld_minutes: must be a whole number from 0 to 10080");
  EXPECT_EQ(call("PUT", rules, "[]", "*").status, 422);
}

TEST_F(AlertRoutes, AlertsAreListedTheActiveOnesFirst) {
  EXPECT_EQ(read("/api/v1/alerts").body, R"({"alerts":[]})");
  given(1, AlertKind::dead_letters_parked, clock.unix_now());
  const auto alert = given(1, AlertKind::destination_failing);
  given(2, AlertKind::destination_failing, std::nullopt, "globex");
  const auto response = read("/api/v1/alerts");
  EXPECT_EQ(column(response, "alerts", "kind"), "destination_failing,dead_letters_parked");
  const auto body = json(response);
  const auto& one = body.at("alerts").as_array().front().as_object();
  EXPECT_EQ(text(one.at("alert_id")), alert.id.to_string());
  EXPECT_EQ(text(one.at("destination_name")), "destination 1");
  EXPECT_EQ(text(one.at("detail")), alert.detail);
  EXPECT_TRUE(one.at("active").as_bool());
  EXPECT_TRUE(one.at("cleared_at").is_null());
  EXPECT_EQ(one.at("recipients").as_int64(), 2);
  EXPECT_FALSE(text(one.at("remedy")).empty());
  EXPECT_EQ(column(read("/api/v1/alerts", {{"active", "true"}}), "alerts", "kind"), "destination_failing");
  EXPECT_EQ(column(read("/api/v1/alerts", {{"active", "false"}}), "alerts", "kind"), "dead_letters_parked");
  EXPECT_EQ(column(read("/api/v1/alerts", {{"limit", "1"}}), "alerts", "kind"), "destination_failing");
  EXPECT_EQ(read("/api/v1/alerts", {{"limit", "0"}}).status, 400);
  EXPECT_EQ(read("/api/v1/alerts", {{"limit", "201"}}).status, 400);
  EXPECT_EQ(read("/api/v1/alerts", {{"active", "perhaps"}}).status, 400);
  EXPECT_EQ(read("/api/v1/alerts", {{"state", "x"}}).status, 400);
}

}  // namespace
}  // namespace opi::api
