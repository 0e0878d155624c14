#include "canary/canary_fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace opi::canary_test {

void Canary::sign_in_and_out() {
  const auto opened = ask(daemon_->port(), {"POST", "/api/v1/session", {{"Authorization", "Bearer " + admin_}}, ""});
  ASSERT_EQ(opened.status, 201) << opened.body;
  const auto cookie = opened.field("Set-Cookie");
  const auto session = cookie.substr(cookie.find('=') + 1, cookie.find(';') - cookie.find('=') - 1);
  const std::string csrf(boost::json::parse(opened.body).at("csrf_token").as_string());
  site_.secrets().plant("the session's cookie", session);
  site_.secrets().plant("the CSRF token", csrf);
  const std::string own = "opi_session=" + session;
  EXPECT_EQ(ask_and_keep({"GET", "/api/v1/destinations", {{"Cookie", own}}, ""}).status, 200);
  EXPECT_EQ(ask_and_keep({"PUT", "/api/v1/policy", {{"Cookie", own}, {"X-CSRF-Token", session}}, "{}"}).status, 403);
  EXPECT_EQ(ask_and_keep({"GET", "/api/v1/policy", {{"Cookie", own + "; " + own}}, ""}).status, 401);
  EXPECT_EQ(ask_and_keep({"GET", "/api/v1/policy", {{"Authorization", "Bearer " + session}}, ""}).status, 401);
  EXPECT_EQ(ask_and_keep({"GET", "/api/v1/policy?csrf=" + csrf, {{"Cookie", own}}, ""}).status, 400);
  EXPECT_EQ(ask_and_keep({"DELETE", "/api/v1/session", {{"Cookie", own}, {"X-CSRF-Token", csrf}}, ""}).status, 204);
}

void Canary::present_credentials_in_wrong_places() {
  const std::string guessed = "opi_" + unique_value(), basic = unique_value();
  const std::string claims = R"({"iss":"https://issuer.example","aud":"integrations","sub":"jane","exp":9999999999,)"
                             R"("tenant":"acme","role":"auditor"})";
  const std::string jwt = issuer_.token(R"({"alg":"ES256"})", claims), unsigned_jwt = jwt.substr(0, jwt.rfind('.') + 1);
  site_.secrets().plant("a token that is none", guessed);
  site_.secrets().plant("a password", basic);
  site_.secrets().plant("the signature of a JWT", jwt.substr(jwt.rfind('.') + 1));
  EXPECT_EQ(ask_and_keep({"GET", "/api/v1/policy", {{"Authorization", "Bearer " + jwt}}, ""}).status, 200);
  for (const auto& authorization : {"Bearer " + guessed, "bearer" + admin_, "Basic " + basic, "Bearer " + jwt + "x",
                                    "Bearer " + unsigned_jwt, "Bearer " + admin_ + "x", "Token " + admin_})
    EXPECT_EQ(ask_and_keep({"GET", "/api/v1/policy", {{"Authorization", authorization}}, ""}).status, 401);
  for (const auto& secret : {admin_, jwt.substr(jwt.rfind('.') + 1), guessed}) {
    for (const std::string name : {"Cookie", "X-Api-Key", "X-Tenant-Id", "X-CSRF-Token", "If-Match", "Content-Type"}) {
      const auto value = (name == "Cookie" ? "opi_session=" : "") + secret;
      EXPECT_NE(ask_and_keep({"GET", "/api/v1/policy", {{name, value}}, ""}).status, 200);
      ask_and_keep({"PUT", "/api/v1/policy", {{"Authorization", "Bearer " + admin_}, {name, value}}, "{}"});
    }
    for (const auto& target :
         {"/api/v1/policy?access_token=" + secret, "/api/v1/" + secret, "/api/v1/destinations/" + secret,
          "/api/v1/deliveries?cursor=" + secret, "/api/v1/deliveries?" + secret + "=1",
          "/api/v1/deliveries?state=" + secret, "/api/v1/adapters/" + secret, "/api/v1/dead-letters/" + secret,
          "/" + secret, "/api/v1/events?" + secret})
      EXPECT_GE(get(target).status, 400) << target;
    EXPECT_GE(send("DELETE", "/api/v1/tokens/" + secret + "x", "").status, 400);
    EXPECT_EQ(ask(daemon_->status_port(), {"GET", "/" + secret, {}, ""}).status, 404);
  }
}

void Canary::send_secrets_in_documents() {
  const std::string secret = unique_value(), whsec = "whsec_" + unique_value();
  site_.secrets().plant("a secret in a document", secret);
  site_.secrets().plant("a signing secret in a document", whsec);
  const std::string destination = "/api/v1/destinations/0192f000-0000-7000-8000-000000000001";
  const std::string start = R"({"name":"x","adapter":"webhook","event_types":["*"],"endpoint":")";
  for (const auto& value : {secret, whsec, admin_}) {
    const std::vector<std::pair<std::string, std::string>> documents{
        {"/api/v1/destinations", start + "https://user:" + value + "@127.0.0.1/\"}"},
        {"/api/v1/destinations", start + value + "\"}"},
        {"/api/v1/destinations", start + "https://10.0.0.1/" + value + "\"}"},
        {"/api/v1/destinations", start + "ftp://127.0.0.1/" + value + "\"}"},
        {"/api/v1/destinations", start + "http://127.0.0.1/\",\"token\":\"" + value + "\"}"},
        {"/api/v1/destinations", start + "http://127.0.0.1/\",\"signing\":\"" + value + "\"}"},
        {"/api/v1/destinations", start + "http://127.0.0.1/\",\"config\":{\"method\":\"" + value + "\"}}"},
        {"/api/v1/destinations",
         start + "http://127.0.0.1/\",\"authorization\":{\"scheme\":\"bearer\",\"token\":\"" + value + "\"}}"},
        {"/api/v1/destinations", start + "http://127.0.0.1/\",\"authorization\":{\"scheme\":\"" + value + "\"}}"},
        {"/api/v1/destinations", start + "http://127.0.0.1/\",\"authorization\":\"" + value + "\"}"},
        {"/api/v1/destinations",
         start +
             "http://127.0.0.1/\",\"authorization\":{\"scheme\":\"oauth2_client_credentials\",\"client_id\":\"c\"," +
             "\"token_url\":\"https://u:" + value + "@127.0.0.1/\"}}"},
        {"/api/v1/destinations", "{\"name\": \"" + value},
        {"/api/v1/events", "{\"event_id\": \"" + value},
        {"/api/v1/events", "[" + value + "]"},
        {"/api/v1/tokens", R"({"role":")" + value + "\"}"},
        {"/api/v1/dead-letters:replay", R"({"filter":{"destination_id":")" + value + "\"}}"},
        {destination + "/credentials/signing:rotate", R"({"reference":")" + value + "\"}"},
        {destination + "/credentials/signing:rotate", R"({"reference":"nowhere://)" + value + "\"}"},
        {destination + "/credentials/signing:rotate", R"({"reference":"local://other/)" + value + "/k/1\"}"},
        {destination + "/credentials/signing:rotate", R"({"reference":"local://acme/)" + value + "\"}"},
        {destination + "/credentials/" + value + ":rotate", R"({"reference":"local://acme/a/b/1"})"},
        {destination + ":disable", R"({"reason":7,"password":")" + value + "\"}"}};
    for (const auto& [target, document] : documents)
      EXPECT_GE(send("POST", target, document).status, 400) << target << " " << document;
    EXPECT_GE(send("PUT", "/api/v1/policy", R"({"max_attempts":")" + value + "\"}").status, 400);
    EXPECT_GE(send("PUT", destination + "/credentials/signing", "\"" + value + "\"").status, 400);
    const auto refused = ask_and_keep(
        {"POST", "/api/v1/session", {{"Content-Type", "application/json"}}, R"({"token":")" + value + "x\"}"});
    EXPECT_GE(refused.status, 401) << refused.body;  // after a few of them: 429
  }
  // As names: a document whose parts were mixed up.
  for (const auto& name : {whsec, admin_}) {
    EXPECT_GE(send("POST", "/api/v1/destinations", "{\"" + name + "\":1}").status, 400);
    EXPECT_GE(
        send("POST", "/api/v1/destinations", start + "http://127.0.0.1/\",\"config\":{\"" + name + "\":1}}").status,
        400);
    EXPECT_GE(send("POST", "/api/v1/events", "{\"" + name + "\":1}").status, 400);
    EXPECT_GE(send("POST", "/api/v1/dead-letters:replay", "{\"filter\":{\"" + name + "\":\"1\"}}").status, 400);
  }
}

void Canary::walk_all_answers() {
  const std::string api = "/api/v1";
  for (const auto* list : {"/adapters", "/adapters/webhook", "/adapters/odd", "/destinations", "/policy", "/deliveries",
                           "/deliveries?held=true", "/dead-letters", "/delivery-health", "/delivery-events", "/tokens",
                           "/audit", "/audit/chain", "/audit/export", "/audit/1", "/openapi.json"})
    EXPECT_EQ(get(api + list).status, 200) << list;
  const auto destinations = boost::json::parse(get(api + "/destinations").body);
  for (const auto& row : destinations.at("destinations").as_array()) {
    const std::string id(row.at("destination_id").as_string());
    for (const auto* part : {"", "/credentials", "/policy"})
      EXPECT_EQ(get(api + "/destinations/" + id + part).status, 200) << id << part;
  }
  for (const auto& delivery : all_deliveries(daemon_->port(), auditor_)) {
    EXPECT_EQ(get(api + "/deliveries/" + delivery.id).status, 200);
    EXPECT_EQ(get(api + "/deliveries/" + delivery.id + "/attempts").status, 200);
    if (delivery.state == "dead_lettered") {
      EXPECT_EQ(get(api + "/dead-letters/" + delivery.id).status, 200);
    }
  }
  for (const auto* target : {"/healthz", "/readyz", "/metrics"}) {
    const WebRequest request{"GET", target, {}, ""};
    const auto answer = ask(daemon_->status_port(), request);
    EXPECT_EQ(answer.status, 200) << target;
    site_.keep(request, answer);
  }
}

}  // namespace opi::canary_test
