#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <stdexcept>

#include "system/site.hpp"

// What an operator meets: a store that goes away, a stop under load, plugins that are no good, secrets that are
// missing.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;

demo::HttpReply publish(const RunningDaemon& daemon, const std::string& token, int number) {
  return demo::HttpClient(daemon.port()).post("/api/v1/events", token, "application/json", event(number));
}

TEST(StoreDown, IntakeAnswers503AndTheDaemonRecoversByItself) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  site.provision("/healthy");
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  ASSERT_EQ(publish(daemon, producer, 1).status, 202);
  ASSERT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 1; }));
  cluster.kill_hard();
  for (int number = 2; number < 5; ++number) EXPECT_EQ(publish(daemon, producer, number).status, 503);
  EXPECT_EQ(demo::HttpClient(daemon.status_port()).get("/readyz").status, 503);
  EXPECT_EQ(demo::HttpClient(daemon.status_port()).get("/healthz").status, 200);
  cluster.start();
  ASSERT_TRUE(eventually([&] { return publish(daemon, producer, 2).status == 202; }));
  ASSERT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 2; }));
  EXPECT_TRUE(eventually([&] { return demo::HttpClient(daemon.status_port()).get("/readyz").status == 200; }));
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
}

TEST(TransactionalEnqueue, WhatAProducerPublishesInItsOwnTransactionIsDelivered) {
  test::PostgresCluster cluster;
  Site site(&cluster);
  site.provision("/healthy");
  RunningDaemon daemon(site);
  std::ifstream file(site.folder() / "connection");
  const std::string connection((std::istreambuf_iterator<char>(file)), {});
  demo::ChildProcess psql({"/usr/lib/postgresql/15/bin/psql",
                           {"--dbname", connection, "--no-psqlrc", "--tuples-only", "--no-align", "--command",
                            "BEGIN; SELECT opi.publish('" + event(1) + "'); COMMIT; BEGIN; SELECT opi.publish('" +
                                event(2) + "'); ROLLBACK; SELECT opi.publish('" + event(3) + "')"},
                           site.folder() / "psql"});
  psql.read_all(std::chrono::seconds{30});
  ASSERT_TRUE(psql.wait(std::chrono::seconds{10}).value_or(demo::ExitStatus{}).clean());
  const auto auditor = site.token("auditor");
  ASSERT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 2; }));
  std::vector<ShownDelivery> deliveries;
  ASSERT_TRUE(eventually([&] {
    deliveries = all_deliveries(daemon.port(), auditor);
    return deliveries.size() == 2 &&
           std::ranges::all_of(deliveries, [](const auto& d) { return d.state == "delivered"; });
  }));
}

TEST(Drain, SigtermFinishesWhatIsUnderWayAndLeavesNoLease) {
  Site site(nullptr);
  site.provision("/slow", R"(,"policy":{"timeout_ms":15000})");  // answers after 1.5 s
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  {
    RunningDaemon daemon(site);
    for (int number = 0; number < 100; ++number) ASSERT_EQ(publish(daemon, producer, number).status, 202);
    ASSERT_TRUE(eventually([&] { return daemon.metric("opi_claims_total") > 0; }));
    ASSERT_TRUE(daemon.stop().clean());
    EXPECT_NE(daemon.log().find("\"left_to_lease_expiry\":0"), std::string::npos) << daemon.log();
  }
  RunningDaemon daemon(site);
  ASSERT_TRUE(eventually([&] {
    const auto deliveries = all_deliveries(daemon.port(), auditor);
    return deliveries.size() == 100 &&
           std::ranges::all_of(deliveries, [](const auto& d) { return d.state == "delivered"; });
  }));
  for (const auto& delivery : all_deliveries(daemon.port(), auditor)) EXPECT_EQ(delivery.attempts, 1) << delivery.id;
  EXPECT_EQ(site.receiver().statistics().path("/slow").duplicates, 0u);
}

TEST(Drain, TheDeadlineGivesBackWhatDoesNotFinish) {
  Site site(nullptr);
  site.set("general.drain_timeout_ms", "200");
  site.provision("/slow", R"(,"policy":{"timeout_ms":5000})");
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  ASSERT_EQ(publish(daemon, producer, 1).status, 202);
  ASSERT_TRUE(eventually([&] { return daemon.metric("opi_claims_total") > 0; }));
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
  EXPECT_NE(daemon.log().find("\"left_to_lease_expiry\":0"), std::string::npos) << daemon.log();
}

TEST(Plugins, BadOnesAreRefusedByNameAndTheDaemonServes) {
  Site site(nullptr);
  const fs::path plugins = site.folder() / "plugins";
  fs::create_directories(plugins);
  for (const auto& file : fs::directory_iterator(OPI_PLUGINS))
    fs::copy_file(file.path(), plugins / file.path().filename());
  std::ofstream(plugins / "notes.so") << "this is no plugin";
  fs::copy_file(fs::path(OPI_PLUGINS) / "webhook.so", plugins / "open.so");
  fs::permissions(plugins / "open.so", fs::perms::others_write, fs::perm_options::add);
  fs::create_symlink(plugins / "webhook.so", plugins / "link.so");
  site.set("plugins.directory", plugins.string());
  site.provision("/healthy");
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  ASSERT_EQ(publish(daemon, producer, 1).status, 202);
  ASSERT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 1; }));
  const std::string log = daemon.log();
  for (const char* file : {"notes.so", "open.so", "link.so"}) {
    const auto at = log.find(file);
    ASSERT_NE(at, std::string::npos) << file << log;
    EXPECT_NE(log.rfind("plugin.refused", at), std::string::npos) << file;
  }
  EXPECT_NE(log.find("\"plugins_refused\":3"), std::string::npos) << log;
}

TEST(Plugins, OneThatCrashesTheDaemonTwiceIsQuarantinedAndTheDaemonServes) {
  Site site(nullptr);
  const fs::path plugins = site.folder() / "plugins";
  fs::create_directories(plugins);
  for (const auto& file : fs::directory_iterator(OPI_PLUGINS))
    fs::copy_file(file.path(), plugins / file.path().filename());
  fs::copy_file(OPI_ODD_PLUGIN, plugins / "odd.so");
  site.set("plugins.directory", plugins.string());
  site.run_in_daemon(OPI_ODD_PLUGIN);
  site.provision("/healthy", R"(,"config":{"mood":"crash"})", "odd");
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  {
    RunningDaemon daemon(site);
    try {
      EXPECT_EQ(publish(daemon, producer, 1).status, 202);
    } catch (const std::runtime_error&) {
      // It was stored, and the daemon crashed before it could say so.
    }
    ASSERT_EQ(daemon.wait_for_end().value_or(demo::ExitStatus{}).signal, SIGSEGV);
  }
  {
    RunningDaemon daemon(site);  // one crash is forgiven; the delivery comes back when its lease has run out
    ASSERT_EQ(daemon.wait_for_end().value_or(demo::ExitStatus{}).signal, SIGSEGV);
  }
  RunningDaemon daemon(site);
  EXPECT_NE(daemon.log().find("L402"), std::string::npos) << daemon.log();
  ASSERT_TRUE(eventually([&] { return daemon.log().find("destination.held") != std::string::npos; })) << daemon.log();
  // Once its second lease has run out.
  EXPECT_TRUE(eventually([&] {
    const auto deliveries = all_deliveries(daemon.port(), auditor);
    return deliveries.size() == 1 && deliveries[0].state == "retry_scheduled";
  })) << "what is due waits for the plugin";
  EXPECT_EQ(publish(daemon, producer, 2).status, 202);
}

TEST(Production, NothingIsSentUnsigned) {
  Site site(nullptr);
  site.provision("/healthy", R"(,"policy":{"max_attempts":2})");
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  site.set("general.environment", "production");
  site.unset("secret_provider.local.directory");
  RunningDaemon daemon(site);
  EXPECT_NE(daemon.log().find("L701"), std::string::npos) << "the local provider was not refused: " << daemon.log();
  ASSERT_EQ(publish(daemon, producer, 1).status, 202);
  std::vector<ShownDelivery> deliveries;
  ASSERT_TRUE(eventually([&] {
    deliveries = all_deliveries(daemon.port(), auditor);
    return deliveries.size() == 1 && deliveries[0].state == "dead_lettered";
  }));
  const auto reply =
      demo::HttpClient(daemon.port()).get("/api/v1/deliveries/" + deliveries[0].id + "/attempts", auditor);
  EXPECT_NE(reply.body.find("signing_secret_unavailable"), std::string::npos) << reply.body;
  EXPECT_EQ(site.receiver().statistics().path("/healthy").requests, 0u);
}

TEST(CheckConfig, ReportsEveryErrorAtOnceAndStartsNothing) {
  test::TemporaryFolder folder;
  const fs::path file = folder.path() / "conf";
  std::ofstream(file) << "[api]\nport=70000\n[egress]\nallow=10.0.0.0/33\n[nonsense]\nkey=1\n[log]\nlevel=loud\n";
  demo::ChildProcess check({fs::path(OPI_PROGRAMS) / "integrationsd",
                            {"--config", file.string(), "--check-config"},
                            folder.path() / "errors"});
  check.read_all(std::chrono::seconds{30});
  EXPECT_EQ(check.wait(std::chrono::seconds{10}).value_or(demo::ExitStatus{}).code, 78);
  std::ifstream stream(folder.path() / "errors");
  const std::string errors((std::istreambuf_iterator<char>(stream)), {});
  for (const char* named : {"api.port", "10.0.0.0/33", "nonsense.key", "log.level"})
    EXPECT_NE(errors.find(named), std::string::npos) << named << "\n" << errors;
}

// Against the manifests of the plugins that are there, none of whose code is run.
TEST(CheckConfig, HoldsTheSectionsOfSecretProvidersAgainstTheirSchemas) {
  test::TemporaryFolder folder;
  const fs::path file = folder.path() / "conf";
  const auto errors_of = [&](const std::string& text) {
    fs::remove(folder.path() / "errors");  // or it would be written on
    std::ofstream(file) << "[general]\nenvironment=test\n[plugins]\ndirectory=" << OPI_PLUGINS << "\n" << text;
    demo::ChildProcess check({fs::path(OPI_PROGRAMS) / "integrationsd",
                              {"--config", file.string(), "--check-config"},
                              folder.path() / "errors"});
    check.read_all(std::chrono::seconds{30});
    const auto code = check.wait(std::chrono::seconds{10}).value_or(demo::ExitStatus{}).code;
    std::ifstream stream(folder.path() / "errors");
    const std::string errors((std::istreambuf_iterator<char>(stream)), {});
    EXPECT_EQ(code, errors.empty() ? 0 : 78) << text;
    EXPECT_EQ(errors.find("hunter2"), std::string::npos) << errors;
    return errors;
  };
  const auto place = "integrationsd: " + file.string() + ": line ";
  EXPECT_EQ(errors_of("[secret_provider.local]\ndirectory=/etc/secrets\n"), "");
  EXPECT_EQ(errors_of("[secret_provider.local]\ndirectry=/hunter2\ndirectory=\n"),
            place + "7: secret_provider.local.directory is shorter than 1 characters\n" + place +
                "6: secret_provider.local.directry is not a known field\n");
  EXPECT_EQ(errors_of("[secret_provider.vault]\nurl=hunter2\n"),
            place + "6: [secret_provider.vault] names no secret provider of a plugin in " OPI_PLUGINS "\n");
  EXPECT_EQ(errors_of("[secret_provider.local]\ndirectory=/etc/secrets\n[general]\nstate_directory=/x\n"), "");
}

TEST(Reload, SighupFollowsTheLogLevelAndReopensTheLog) {
  Site site(nullptr);
  site.provision("/healthy");
  RunningDaemon daemon(site);
  fs::rename(site.folder() / "daemon/log", site.folder() / "daemon/log.1");
  daemon.reload();
  ASSERT_TRUE(eventually([&] { return fs::exists(site.folder() / "daemon/log"); }));
  ASSERT_TRUE(eventually([&] { return daemon.log().find("daemon.reloaded") != std::string::npos; }));
}

}  // namespace
}  // namespace opi::system_test
