#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>

#include "support/cutting_proxy.hpp"
#include "support/pg_bouncer.hpp"
#include "system/load.hpp"
#include "system/site.hpp"

// PostgreSQL as it is run: with a standby that takes over, behind a pooler, shared with a newer version.
namespace opi::system_test {
namespace {

std::string file_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string text;
  std::getline(stream, text);
  return text;
}

void execute(const std::string& connection, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> side_door{PQconnectdb(connection.c_str()), &PQfinish};
  const std::unique_ptr<PGresult, decltype(&PQclear)> done{PQexec(side_door.get(), sql.c_str()), &PQclear};
  const auto status = PQresultStatus(done.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(PQerrorMessage(side_door.get()));
}

// The site's database by another way than its own.
void connect_by(Site& site, const std::string& hosts) {
  const auto file = site.folder() / "connection";
  const auto rest = file_of(file);
  std::ofstream(file) << "host=" << hosts << rest.substr(rest.find(' '));
}

int status_of(const RunningDaemon& daemon, const std::string& path) {
  return demo::HttpClient(daemon.status_port()).get(path).status;
}

TEST(Failover, AKilledPrimaryLosesNothingThatItsStandbyConfirmed) {
  test::PostgresCluster primary;
  Site site(&primary);
  const auto direct = file_of(site.folder() / "connection");
  test::PostgresCluster standby({.standby_of = &primary});
  execute(direct, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  execute(direct, "SELECT pg_reload_conf()");
  connect_by(site, primary.host().string() + "," + standby.host().string());
  site.provision("/healthy");
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  RunningDaemon daemon(site);
  ASSERT_EQ(status_of(daemon, "/readyz"), 200);

  Load load(producer, [&] { return daemon.port(); });
  const auto received = [&] { return static_cast<int>(site.receiver().statistics().path("/healthy").accepted); };
  EXPECT_TRUE(eventually([&] { return received() >= 100; }));
  primary.kill_hard();
  EXPECT_TRUE(eventually([&] { return status_of(daemon, "/readyz") == 503; })) << daemon.log();
  EXPECT_EQ(status_of(daemon, "/healthz"), 200);
  const int before = load.acknowledged();
  standby.promote();
  EXPECT_TRUE(eventually([&] { return status_of(daemon, "/readyz") == 200; })) << daemon.log();
  EXPECT_TRUE(eventually([&] { return load.acknowledged() > before; }));
  const int acknowledged = load.end();
  EXPECT_TRUE(eventually([&] { return received() == acknowledged; })) << received() << " of " << acknowledged;
  EXPECT_TRUE(eventually([&] {
    const auto all = all_deliveries(daemon.port(), auditor);
    return std::ssize(all) == acknowledged &&
           std::ranges::all_of(all, [](const auto& one) { return one.state == "delivered"; });
  }));
  EXPECT_TRUE(daemon.stop().clean());
}

TEST(Failover, AStoreThatFallsSilentIsNotReadyAndTheProcessAnswersAllTheSame) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  test::CuttingProxy proxy(cluster.socket());
  connect_by(site, proxy.host());
  RunningDaemon daemon(site);
  ASSERT_EQ(status_of(daemon, "/readyz"), 200);
  proxy.arm(test::CuttingProxy::Fault::stall);
  ASSERT_TRUE(eventually([&] { return status_of(daemon, "/readyz") == 503; }));
  // More than the status port has threads: none of them waits.
  for (int i = 0; i < 4; ++i) EXPECT_EQ(status_of(daemon, "/readyz"), 503);
  EXPECT_EQ(status_of(daemon, "/healthz"), 200);
  EXPECT_NE(demo::HttpClient(daemon.status_port()).get("/readyz").body.find("does not answer"), std::string::npos);
  daemon.kill_hard();
}

TEST(Poolers, OneThatKeepsServersIsWorkedThroughAndOneThatLendsThemRefused) {
  if (!test::PgBouncer::installed()) GTEST_SKIP() << "there is no pgbouncer on this machine";
  test::PostgresCluster cluster;
  Site site(&cluster);
  const auto direct = file_of(site.folder() / "connection");
  test::PgBouncer pooler(cluster.host(), "session", "default_pool_size=40");
  std::ofstream(site.folder() / "connection") << pooler.through(direct);
  site.provision("/healthy");
  const auto producer = site.token("producer");
  {
    RunningDaemon daemon(site);
    for (int i = 0; i < 20; ++i)
      ASSERT_EQ(demo::HttpClient(daemon.port()).post("/api/v1/events", producer, "application/json", event(i)).status,
                202);
    EXPECT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 20; }));
    EXPECT_EQ(status_of(daemon, "/readyz"), 200);
    EXPECT_TRUE(daemon.stop().clean());
  }
  pooler.reload("transaction");
  try {
    RunningDaemon daemon(site);
    ADD_FAILURE() << "it was started";
  } catch (const std::runtime_error& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("pool_mode=session"), std::string::npos) << refusal.what();
  }
}

std::string provision_of(const std::string& tenant, int number, const std::string& url) {
  return R"({"tenant_id":")" + tenant + R"(","name":")" + tenant +
         R"(","destinations":[{"destination_id":"0192f000-0000-7000-8000-00000000000)" + std::to_string(number) +
         R"(","name":"receiver","adapter":"webhook","event_types":["*"],"endpoint":")" + url +
         R"(","credentials":[{"purpose":"signing","reference":"local://)" + tenant + R"(/signing/main/1"}]}]})";
}

// A form that this version does not know, as a newer one would write it under the same schema.
TEST(Versions, WhatANewerOneWroteHoldsItsDestinationAndNobodyElses) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  const auto direct = file_of(site.folder() / "connection");
  const auto secret = site.folder() / "secrets/globex/signing/main/1";
  std::filesystem::create_directories(secret.parent_path());
  std::ofstream(secret) << Site::signing_secret();
  std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
  std::ofstream(site.folder() / "both.json")
      << R"({"tenants":[)" << provision_of("acme", 1, site.receiver().url("/slow?delay_ms=1")) << ","
      << provision_of("globex", 2, site.receiver().url("/healthy")) << "]}";
  site.control({"apply", (site.folder() / "both.json").string()});
  const auto producer = site.token("producer"), admin = site.token("tenant_admin");
  const auto others = site.control({"token", "issue", "--tenant", "globex", "--role", "producer"});
  RunningDaemon daemon(site);
  const demo::HttpClient api(daemon.port());
  const auto write = [&](const std::string& authorization) {
    execute(direct, "UPDATE integration_destinations SET request_authorization = " + authorization +
                        " WHERE tenant_id = 'acme'; UPDATE integration_catalog_revision SET revision = revision + 1");
  };
  write(R"('{"scheme":"of-tomorrow"}')");
  const std::string path = "/api/v1/destinations/0192f000-0000-7000-8000-000000000001";
  ASSERT_TRUE(eventually([&] { return !boost::json::parse(api.get(path, admin).body).at("not_understood").is_null(); }))
      << api.get(path, admin).body;
  const auto of_globex = [](std::string text) { return text.replace(text.find("acme"), 4, "globex"); };
  ASSERT_EQ(api.post("/api/v1/events", producer, "application/json", event(1)).status, 202);
  ASSERT_EQ(api.post("/api/v1/events", others, "application/json", of_globex(event(2))).status, 202);
  EXPECT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 1; }));

  const auto page = boost::json::parse(api.get("/api/v1/deliveries?held=true", admin).body);
  ASSERT_EQ(page.at("deliveries").as_array().size(), 1u);
  EXPECT_NE(page.at("deliveries").at(0).at("held_reason").as_string().find("authorization"), std::string::npos);
  EXPECT_EQ(api.post(path + ":disable", admin, "application/json", R"({"reason":"x"})").status, 409);
  EXPECT_EQ(api.post(path + ":test", admin, "application/json", "").status, 409);
  try {
    site.control({"apply", (site.folder() / "both.json").string()});
    ADD_FAILURE() << "it was overwritten";
  } catch (const std::runtime_error& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("newer version"), std::string::npos) << refusal.what();
  }
  EXPECT_NE(site.control({"doctor", "--json"}).find("is held by this node"), std::string::npos);
  EXPECT_NE(daemon.log().find("destination.held"), std::string::npos);
  EXPECT_EQ(site.receiver().statistics().path("/slow").requests, 0u);
  write("NULL");
  EXPECT_TRUE(eventually([&] { return site.receiver().statistics().path("/slow").accepted == 1; }));
}

}  // namespace
}  // namespace opi::system_test
