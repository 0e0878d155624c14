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
  RunningDaemon daemon(site);
  ASSERT_EQ(status_of(daemon, "/readyz"), 200);
  cluster.freeze();
  ASSERT_TRUE(eventually([&] { return status_of(daemon, "/readyz") == 503; }));
  // More than the status port has threads: none of them waits.
  for (int i = 0; i < 4; ++i) EXPECT_EQ(status_of(daemon, "/readyz"), 503);
  EXPECT_EQ(status_of(daemon, "/healthz"), 200);
  // These words are those of a question that still waits, so the answers did not wait for it.
  EXPECT_NE(demo::HttpClient(daemon.status_port()).get("/readyz").body.find("does not answer"), std::string::npos);
  cluster.thaw();
  EXPECT_TRUE(eventually([&] { return status_of(daemon, "/readyz") == 200; })) << daemon.log();
}

// Whoever holds the file's lock, as a backup by hand does.
TEST(Failover, AFileThatSomebodyElseHasLockedIsNotReadyAndTheProcessAnswersAllTheSame) {
  Site site(nullptr);
  RunningDaemon daemon(site);
  ASSERT_EQ(status_of(daemon, "/readyz"), 200);
  {
    const auto file = site.folder() / "store.sqlite";
    demo::ChildProcess other({"/usr/bin/python3",
                              {"-c",
                               "import sqlite3, sys, time\n"
                               "c = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)\n"
                               "c.execute('BEGIN IMMEDIATE')\n"
                               "time.sleep(600)",
                               file.string()},
                              site.folder() / "other"});
    ASSERT_TRUE(eventually([&] { return status_of(daemon, "/readyz") == 503; })) << daemon.log();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(status_of(daemon, "/readyz"), 503);
    EXPECT_EQ(status_of(daemon, "/healthz"), 200);
    other.terminate();
    other.wait(std::chrono::seconds{10});
  }
  EXPECT_TRUE(eventually([&] { return status_of(daemon, "/readyz") == 200; })) << daemon.log();
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
}

// --- a commit whose answer is lost ---

TEST(InDoubt, ProducersAreToldThatItIsNotKnownAndStoreAnEventOnceHoweverOftenTheySendIt) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  site.provision("/healthy");
  const auto producer = site.token("producer");
  test::CuttingProxy proxy(cluster.socket());
  connect_by(site, proxy.host());
  RunningDaemon daemon(site);
  const auto hand_in = [&](int number) {
    return demo::HttpClient(daemon.port()).post("/api/v1/events", producer, "application/json", event(number));
  };
  ASSERT_EQ(hand_in(0).status, 202);  // the token is known from now on
  using Fault = test::CuttingProxy::Fault;
  int number = 0;
  for (const auto fault : {Fault::cut_before_commit, Fault::cut_after_commit}) {
    proxy.arm(fault);
    const auto reply = hand_in(++number);
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.body.find("urn:oneprotect:problem:commit-in-doubt"), std::string::npos) << reply.body;
    EXPECT_NE(reply.body.find("not known"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("nothing was stored"), std::string::npos) << reply.body;
    proxy.arm(Fault::none);
    demo::HttpReply again;
    ASSERT_TRUE(eventually([&] { return (again = hand_in(number)).status == 202; })) << again.body;
    const auto* result = fault == Fault::cut_after_commit ? "duplicate" : "accepted";
    EXPECT_NE(again.body.find(result), std::string::npos) << again.body;
  }
  EXPECT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 3; }));
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
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
  EXPECT_NE(page.at("deliveries").at(0).at("held").at("detail").as_string().find("authorization"), std::string::npos);
  EXPECT_EQ(page.at("deliveries").at(0).at("held").at("cause").as_string(), "newer_version");
  EXPECT_EQ(api.post(path + ":disable", admin, "application/json", R"({"reason":"x"})").status, 409);
  EXPECT_EQ(api.post(path + ":test", admin, "application/json", "").status, 409);
  try {
    site.control({"apply", (site.folder() / "both.json").string()});
    ADD_FAILURE() << "it was overwritten";
  } catch (const std::runtime_error& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("newer version"), std::string::npos) << refusal.what();
  }
  EXPECT_NE(site.control({"doctor", "--json"}).find("(newer_version)"), std::string::npos);
  EXPECT_NE(daemon.log().find("destination.held"), std::string::npos);
  EXPECT_EQ(site.receiver().statistics().path("/slow").requests, 0u);
  write("NULL");
  EXPECT_TRUE(eventually([&] { return site.receiver().statistics().path("/slow").accepted == 1; }));
}

// What a later version makes of the schema: a column of its own, and a value that this version's rules forbid.
constexpr const char* expanded = R"(
  ALTER TABLE integration_destinations ADD COLUMN labels text NOT NULL DEFAULT '{}';
  ALTER TABLE integration_destinations DROP CONSTRAINT integration_destinations_delivery_order_check,
    ADD CONSTRAINT integration_destinations_delivery_order_check CHECK (delivery_order IN ('none', 'subject', 'global'));
  ALTER TABLE integration_outbox ADD COLUMN weight integer NOT NULL DEFAULT 1;)";
// And what it takes away in the release after that.
constexpr const char* contracted = "ALTER TABLE integration_destinations DROP COLUMN signing;";

TEST(Versions, ALaterSchemaThatServesThisOneIsWorkedOnAndOneThatDoesNotIsRefused) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  const auto direct = file_of(site.folder() / "connection");
  const auto secret = site.folder() / "secrets/globex/signing/main/1";
  std::filesystem::create_directories(secret.parent_path());
  std::ofstream(secret) << Site::signing_secret();
  std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
  std::ofstream(site.folder() / "both.json")
      << R"({"tenants":[)" << provision_of("acme", 1, site.receiver().url("/healthy")) << ","
      << provision_of("globex", 2, site.receiver().url("/slow?delay_ms=1")) << "]}";
  site.control({"apply", (site.folder() / "both.json").string()});
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  const auto others = site.control({"token", "issue", "--tenant", "globex", "--role", "producer"});
  const auto received = [&](const char* path) { return site.receiver().statistics().path(path).accepted; };
  const auto of_globex = [](std::string text) { return text.replace(text.find("acme"), 4, "globex"); };
  const auto hand_in = [&](const RunningDaemon& daemon, const std::string& token, const std::string& text) {
    return demo::HttpClient(daemon.port()).post("/api/v1/events", token, "application/json", text).status;
  };
  auto before = std::make_unique<RunningDaemon>(site);  // statements of its are prepared
  ASSERT_EQ(hand_in(*before, producer, event(1)), 202);
  ASSERT_TRUE(eventually([&] { return received("/healthy") == 1; }));
  const std::string record = "INSERT INTO schema_migrations (number, name, checksum) SELECT max(number) + 1, ";
  const auto expand =
      record + "format('%s_labels.from%s.sql', max(number) + 1, max(number)), 'x' FROM schema_migrations";
  execute(direct, std::string{expanded} + expand +
                      "; UPDATE integration_destinations SET delivery_order = 'global' WHERE tenant_id = 'globex'; "
                      "UPDATE integration_catalog_revision SET revision = revision + 1");
  const auto works = [&](RunningDaemon& daemon, int number) {
    ASSERT_TRUE(eventually([&] { return daemon.log().find("\"destination.held\"") != std::string::npos; }));
    const auto sofar = received("/healthy");
    ASSERT_EQ(hand_in(daemon, producer, event(number)), 202) << daemon.log();
    ASSERT_EQ(hand_in(daemon, others, of_globex(event(number))), 202) << daemon.log();
    EXPECT_TRUE(eventually([&] { return received("/healthy") == sofar + 1; })) << daemon.log();
    EXPECT_TRUE(eventually([&] {
      const auto all = all_deliveries(daemon.port(), auditor);
      return std::ranges::all_of(all, [](const auto& one) { return one.state == "delivered"; });
    }));
    EXPECT_EQ(received("/slow"), 0u) << "it says what only the later version knows";
    EXPECT_EQ(daemon.log().find("\"level\":\"error\""), std::string::npos) << daemon.log();
  };
  works(*before, 2);
  EXPECT_TRUE(before->stop().clean()) << before->errors();
  {
    RunningDaemon after(site);  // starts on the later schema, too
    works(after, 3);
    EXPECT_NE(site.control({"doctor", "--json"}).find("of a newer version, which serves this one"), std::string::npos);
    EXPECT_TRUE(after.stop().clean()) << after.errors();
  }
  execute(direct, std::string{contracted} + record + "'later_contract.sql', 'y' FROM schema_migrations");
  try {
    RunningDaemon refused(site);
    ADD_FAILURE() << "it was started";
  } catch (const std::runtime_error& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("run a newer program"), std::string::npos) << refusal.what();
  }
}

}  // namespace
}  // namespace opi::system_test
