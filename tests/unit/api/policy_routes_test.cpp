#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

class PolicyRoutes : public test::WithAdministration {
 protected:
  static std::string preview(const Response& response) {
    return boost::json::serialize(json(response).at("schedule_preview_ms"));
  }
};

TEST_F(PolicyRoutes, TheTenantsPolicyShowsWhatIsSetWhatHoldsAndTheWaits) {
  const auto before = read("/api/v1/policy");
  EXPECT_EQ(json(before).at("policy").as_object().size(), 0u);
  EXPECT_EQ(json(before).at("effective_policy").at("max_attempts").as_int64(), 10);
  const auto response =
      call("PUT", "/api/v1/policy",
           R"({"max_attempts":5,"backoff_initial_ms":1000,"backoff_factor":2,"backoff_cap_ms":5000})", etag(before));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(preview(response), "[0,1000,2000,4000,5000]");
  EXPECT_EQ(json(response).at("policy").as_object().size(), 4u);
  EXPECT_EQ(json(response).at("effective_policy").at("timeout_ms").as_int64(), 15000);
  EXPECT_NE(etag(response), etag(before));
  EXPECT_EQ(read("/api/v1/policy").body, response.body);
  EXPECT_EQ(last_audited().action, audit::Action::policy_changed);
  EXPECT_EQ(last_audited().target, "tenant:acme");
  EXPECT_EQ(last_audited().details,
            R"({"changed":["max_attempts","backoff_initial_ms","backoff_factor","backoff_cap_ms"]})");
  EXPECT_EQ(json(read(path_of(1))).at("max_attempts").as_int64(), 5) << "read your writes";
}

TEST_F(PolicyRoutes, ChangingNeedsTheETag) {
  const auto old = etag(read("/api/v1/policy"));
  EXPECT_EQ(call("PUT", "/api/v1/policy", "{}").status, 428);
  EXPECT_EQ(call("PUT", "/api/v1/policy", R"({"max_attempts":2})", old).status, 200);
  EXPECT_EQ(call("PUT", "/api/v1/policy", R"({"max_attempts":3})", old).status, 412);
  EXPECT_EQ(call("PUT", path_of(1) + "/policy", "{}").status, 428);
  EXPECT_EQ(call("PUT", path_of(1) + "/policy", "{}", "\"1\"").status, 412);
}

TEST_F(PolicyRoutes, AnOverrideStandsOverTheTenantsPolicyUntilItIsDeleted) {
  const auto path = path_of(1) + "/policy";
  call("PUT", "/api/v1/policy", R"({"max_attempts":3,"backoff_initial_ms":100})", "*");
  const auto set =
      call("PUT", path, R"({"max_attempts":2,"dead_letter":"never","retryable_statuses":[503,429]})", etag(read(path)));
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(preview(set), "[0,100]");
  EXPECT_EQ(boost::json::serialize(json(set).at("policy")),
            R"({"max_attempts":2,"dead_letter":"never","retryable_statuses":[429,503]})");
  EXPECT_EQ(last_audited().target, "destination:" + test::destination_id(1).to_string());
  EXPECT_EQ(read(path).body, set.body);
  const auto cleared = call("DELETE", path, {}, etag(set));
  EXPECT_EQ(cleared.status, 200);
  EXPECT_EQ(json(cleared).at("policy").as_object().size(), 0u);
  EXPECT_EQ(json(cleared).at("effective_policy").at("max_attempts").as_int64(), 3);
}

TEST_F(PolicyRoutes, FaultsNameTheirFields) {
  const auto response = call("PUT", "/api/v1/policy", R"({"max_attempts":"x","colour":1,"dead_letter":"maybe"})", "*");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(errors(response),
            "colour: is not a known member\nmax_attempts: must be a whole number from 0 to 1000000\n"
            "dead_letter: must be always, on_exhaustion or never");
  EXPECT_EQ(errors(call("PUT", "/api/v1/policy", R"({"max_attempts":101,"timeout_ms":99})", "*")),
            "max_attempts: must be 1 to 100\ntimeout_ms: must be 100 to 120000");
  EXPECT_EQ(call("PUT", "/api/v1/policy", R"({"max_attempts":100,"timeout_ms":100})", "*").status, 200);
}

TEST_F(PolicyRoutes, ATenantsPolicyMustSuitTheOverridesOverIt) {
  ASSERT_EQ(call("PUT", path_of(1) + "/policy", R"({"backoff_initial_ms":60000})", "*").status, 200);
  const auto response = call("PUT", "/api/v1/policy", R"({"backoff_initial_ms":10,"backoff_cap_ms":1000})", "*");
  EXPECT_EQ(response.status, 422);
  EXPECT_TRUE(errors(response).starts_with("backoff_cap_ms: does not suit the override of destination " +
                                           test::destination_id(1).to_string()))
      << errors(response);
}

TEST_F(PolicyRoutes, AreChangedByAdministratorsAlone) {
  for (const auto role : {Role::auditor, Role::operator_}) {
    EXPECT_EQ(call("GET", "/api/v1/policy", {}, {}, role).status, 200);
    EXPECT_EQ(call("GET", path_of(1) + "/policy", {}, {}, role).status, 200);
    EXPECT_EQ(call("PUT", "/api/v1/policy", "{}", "*", role).status, 403);
    EXPECT_EQ(call("PUT", path_of(1) + "/policy", "{}", "*", role).status, 403);
    EXPECT_EQ(call("DELETE", path_of(1) + "/policy", {}, {}, role).status, 403);
  }
}

}  // namespace
}  // namespace opi::api
