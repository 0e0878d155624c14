#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "canary/canary_site.hpp"
#include "unit/identity/jwt_maker.hpp"

namespace opi::canary_test {

using system_test::all_deliveries;
using system_test::ask;
using system_test::eventually;
using system_test::RunningDaemon;

namespace fs = std::filesystem;

inline std::string event(const std::string& type, int number) {
  return R"({"event_id":")" + type + std::to_string(number) + R"(","event_type":")" + type +
         R"(","schema_version":"1.0","tenant_id":"acme","source":"test","timestamp":"2026-01-01T00:00:00Z",)"
         R"("correlation_id":"c-1","payload":{"alert_id":"A-1"}})";
}

// A site on the store of the parameter (true: PostgreSQL), with its tokens, and the steps by which secrets are brought
// in.
class Canary : public testing::TestWithParam<bool> {
 protected:
  Canary() : cluster_(GetParam() ? std::make_unique<test::PostgresCluster>() : nullptr), site_(cluster_.get()) {
    std::ofstream(site_.site().folder() / "issuer.pem") << issuer_.public_pem();
    site_.site().set("identity.jwt_keys", (site_.site().folder() / "issuer.pem").string());
    site_.site().set("identity.jwt_issuer", "https://issuer.example");
    site_.site().set("identity.jwt_audience", "integrations");
    site_.provision(true);
    admin_ = token("tenant_admin");
    auditor_ = token("auditor");
    producer_ = token("producer");
  }

  std::string token(const std::string& role) {
    auto text = site_.site().control({"token", "issue", "--tenant", "acme", "--role", role});
    site_.secrets().plant("the token of the " + role, text);
    return text;
  }

  // Asks and keeps the answer.
  WebAnswer ask_and_keep(const WebRequest& request) {
    auto answer = ask(daemon_->port(), request);
    site_.keep(request, answer);
    return answer;
  }
  WebAnswer get(const std::string& target) {
    return ask_and_keep({"GET", target, {{"Authorization", "Bearer " + admin_}}, ""});
  }
  WebAnswer send(const std::string& method, const std::string& target, const std::string& body) {
    return ask_and_keep(
        {method,
         target,
         {{"Authorization", "Bearer " + admin_}, {"Content-Type", "application/json"}, {"If-Match", "*"}},
         body});
  }
  void publish(const std::string& type, int number) {
    const auto answer = ask_and_keep({"POST",
                                      "/api/v1/events",
                                      {{"Authorization", "Bearer " + producer_}, {"Content-Type", "application/json"}},
                                      event(type, number)});
    ASSERT_EQ(answer.status, 202) << answer.body;
  }
  bool all_ended(std::size_t deliveries, std::size_t live) {
    const auto all = all_deliveries(daemon_->port(), auditor_);
    const auto still =
        std::ranges::count_if(all, [](const auto& d) { return d.state != "delivered" && d.state != "dead_lettered"; });
    return all.size() == deliveries && still == static_cast<std::ptrdiff_t>(live);
  }
  void start() { daemon_ = std::make_unique<RunningDaemon>(site_.site()); }

  void crash_and_search_the_core();
  void sign_in_and_out();
  void present_credentials_in_wrong_places();
  void send_secrets_in_documents();
  void walk_all_answers();

  const test::JwtMaker issuer_{test::JwtMaker::Kind::p256};
  std::unique_ptr<test::PostgresCluster> cluster_;
  CanarySite site_;
  std::string admin_, auditor_, producer_;
  std::unique_ptr<RunningDaemon> daemon_;
};

}  // namespace opi::canary_test
