#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>

#include "canary/canary_site.hpp"
#include "canary/process_memory.hpp"
#include "crypto/digest.hpp"
#include "unit/identity/jwt_maker.hpp"

namespace opi::canary_test {
namespace {

using system_test::all_deliveries;
using system_test::ask;
using system_test::eventually;
using system_test::RunningDaemon;

namespace fs = std::filesystem;

std::string event(const std::string& type, int number) {
  return R"({"event_id":")" + type + std::to_string(number) + R"(","event_type":")" + type +
         R"(","schema_version":"1.0","tenant_id":"acme","source":"test","timestamp":"2026-01-01T00:00:00Z",)"
         R"("correlation_id":"c-1","payload":{"alert_id":"A-1"}})";
}

std::string all_of(const std::vector<std::string>& findings) {
  std::string text = std::to_string(findings.size()) + " findings\n";
  for (const auto& one : findings) text += one + "\n\n";
  return text;
}

std::string base64(const std::string& bytes) {
  return crypto::to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// Of files too large to be held in memory.
bool file_holds(const fs::path& file, const std::string& value) {
  std::ifstream stream(file, std::ios::binary);
  std::string window(1 << 22, '\0');
  std::size_t kept = 0;
  while (stream.read(window.data() + kept, static_cast<std::streamsize>(window.size() - kept)) || stream.gcount() > 0) {
    const auto end = kept + static_cast<std::size_t>(stream.gcount());
    if (std::string_view(window.data(), end).find(value) != std::string_view::npos) return true;
    kept = std::min(end, value.size());
    std::copy_n(window.begin() + static_cast<std::ptrdiff_t>(end - kept), kept, window.begin());
  }
  return false;
}

// Lets a crash leave a core in the site's folder, where the system writes cores into the working directory.
class Cores {
 public:
  explicit Cores(const fs::path& folder) : folder_(folder), before_(fs::current_path()) {
    getrlimit(RLIMIT_CORE, &limit_);
    const rlimit raised{limit_.rlim_max, limit_.rlim_max};
    setrlimit(RLIMIT_CORE, &raised);
    fs::current_path(folder);
  }
  ~Cores() {
    fs::current_path(before_);
    setrlimit(RLIMIT_CORE, &limit_);
  }
  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;

  [[nodiscard]] std::vector<fs::path> written() const {
    std::vector<fs::path> cores;
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().filename().string().starts_with("core")) cores.push_back(entry.path());
    return cores;
  }

 private:
  const fs::path folder_, before_;
  rlimit limit_{};
};

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

// What signs lives in pages that no core dump holds, and nowhere else.
void Canary::crash_and_search_the_core() {
  const Cores cores(site_.site().folder());
  start();
  publish("quiet.one", 1);
  ASSERT_TRUE(eventually([&] { return all_ended(1, 0); })) << daemon_->log();
  std::size_t seen = 0;
  for (const auto& key : {site_.values().signing_key_1, site_.values().signing_key_2}) {
    for (const auto& value : {key, base64(key)})
      for (const auto& hit : find_in_memory(daemon_->pid(), value)) {
        EXPECT_FALSE(hit.dumped) << hit.mapping;
        ++seen;
      }
  }
  EXPECT_GE(seen, 2u) << "the secrets in use were not found at all: the search proves nothing";
  publish("crash.now", 1);
  ASSERT_EQ(daemon_->wait_for_end().value_or(demo::ExitStatus{}).signal, SIGSEGV);
  for (const auto& core : cores.written()) {
    for (const auto& key : {site_.values().signing_key_1, site_.values().signing_key_2}) {
      EXPECT_FALSE(file_holds(core, key)) << core;
      EXPECT_FALSE(file_holds(core, base64(key))) << core;
    }
    EXPECT_TRUE(file_holds(core, "0192f000-0000-7000-8000-000000000000")) << "this is no core of the daemon: " << core;
    fs::remove(core);
  }
}

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
                           "/deliveries?held=true", "/dead-letters", "/delivery-health", "/delivery-events", "/tokens"})
    EXPECT_EQ(get(api + list).status, 200) << list;
  for (const auto* one : {"/audit", "/audit/chain", "/audit/export", "/audit/1", "/openapi.json"}) get(api + one);
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

TEST_P(Canary, NoSecretIsFoundAnywhere) {
  crash_and_search_the_core();
  site_.provision(false);  // what crashed it waits
  start();
  constexpr int events = 3;
  for (int number = 0; number < events; ++number) publish("alert.created", number);
  constexpr std::size_t deliveries = 2 + events * CanarySite::alert_destinations;
  ASSERT_TRUE(eventually([&] { return all_ended(deliveries, 1); })) << daemon_->log().substr(0, 4000);
  sign_in_and_out();
  present_credentials_in_wrong_places();
  send_secrets_in_documents();
  if (cluster_) {
    cluster_->kill_hard();
    EXPECT_GE(get("/api/v1/deliveries").status, 500);
    EXPECT_GE(send("DELETE", "/api/v1/tokens/" + admin_.substr(0, 12), "").status, 500);
    cluster_->start();
    ASSERT_TRUE(eventually([&] { return get("/api/v1/deliveries").status == 200; }));
  }
  publish("alert.created", events);
  daemon_->kill_hard();
  start();
  ASSERT_TRUE(eventually([&] { return all_ended(deliveries + CanarySite::alert_destinations, 1); }));
  walk_all_answers();
  EXPECT_TRUE(daemon_->stop().clean()) << daemon_->errors();
  EXPECT_NE(site_.site().control({"audit", "verify", "--tenant", "acme"}).find("holds"), std::string::npos);
  const auto findings = site_.findings();
  EXPECT_TRUE(findings.empty()) << all_of(findings);
}

// Who writes a connection string wrongly must not read its password in the log.
TEST_P(Canary, ABadConnectionStringIsNotRepeated) {
  if (!GetParam()) GTEST_SKIP() << "SQLite has no connection string";
  const std::string word = unique_value();
  site_.secrets().plant("a stray word of the connection string", word);
  for (const auto& text : {" password=" + site_.values().password + " " + word, "postgresql://opi:" + word + "@[::1/x",
                           " nonsense=" + word, " password='" + word}) {
    std::ofstream(site_.site().folder() / "connection") << "host=/nowhere" + text;
    site_.site().control({"status", "--tenant", "acme"}, 69);
    EXPECT_THROW(RunningDaemon(site_.site(), "failing"), std::runtime_error);
  }
  std::ofstream(site_.site().folder() / "connection") << cluster_->create_database();
  std::ifstream log(site_.site().folder() / "failing/log");
  const std::string lines((std::istreambuf_iterator<char>(log)), {});
  EXPECT_NE(lines.find("daemon.failed"), std::string::npos);
  const auto findings = site_.findings();
  EXPECT_TRUE(findings.empty()) << all_of(findings);
}

// The search must be able to find: each of these places gets one value on purpose.
TEST_P(Canary, WhatIsPlantedOnPurposeIsFound) {
  const std::string planted = unique_value();
  site_.secrets().plant("the planted value", planted);
  EXPECT_TRUE(site_.findings().empty()) << all_of(site_.findings());
  for (const auto& form : forms_of(planted)) {
    const fs::path file = site_.site().folder() / "control/planted";
    std::ofstream(file) << "a line\n" << form << "\n";
    EXPECT_EQ(site_.findings().size(), 1u) << form;
    fs::remove(file);
  }
  start();
  const auto answer = send("POST", "/api/v1/destinations/0192f000-0000-7000-8000-000000000001:disable",
                           R"({"reason":"planted )" + planted + "\"}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(daemon_->stop().clean());
  const auto findings = site_.findings();
  const auto found_in = [&](const std::string& place) {
    return std::ranges::any_of(findings,
                               [&](const auto& one) { return one.find(" in " + place) != std::string::npos; });
  };
  EXPECT_TRUE(found_in("the store:")) << all_of(findings);
  EXPECT_TRUE(found_in("the answer to POST")) << all_of(findings);
  if (!GetParam()) {
    EXPECT_TRUE(found_in("the file of SQLite")) << all_of(findings);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Canary, testing::Bool(),
                         [](const auto& store) { return store.param ? "PostgreSQL" : "SQLite"; });

}  // namespace
}  // namespace opi::canary_test
