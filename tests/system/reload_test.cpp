#include <gmock/gmock.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "system/site.hpp"

// What SIGHUP and `integrationsctl secrets refresh` do where something stands in their way.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// A site whose one destination signs with a mounted file.
class Mounted : public testing::Test {
 protected:
  Mounted() {
    const auto plugins = site.folder() / "plugins", secret = site.folder() / "mounted/acme/hook";
    fs::create_directories(plugins);
    for (const auto& file : {fs::path(OPI_PLUGINS) / "webhook.so", fs::path(OPI_SECRETS_FILES)})
      fs::copy_file(file, plugins / file.filename());
    fs::create_directories(secret);
    std::ofstream(secret / "signing") << Site::signing_secret();
    fs::permissions(secret / "signing", fs::perms::owner_read | fs::perms::owner_write);
    site.unset("secret_provider.local.directory");
    site.set("plugins.directory", plugins.string());
    site.set("secret_provider.files.root", (site.folder() / "mounted").string());
    std::ofstream(site.folder() / "one.json")
        << R"({"tenants":[{"tenant_id":"acme","name":"Acme","destinations":[{"destination_id":)"
        << R"("0192f000-0000-7000-8000-000000000001","name":"d","adapter":"webhook","event_types":["*"],"endpoint":")"
        << site.receiver().url("/healthy")
        << R"(","credentials":[{"purpose":"signing","reference":"file://acme/hook/signing"}]}]}]})";
    site.control({"apply", (site.folder() / "one.json").string()});
    producer = site.token("producer");
  }
  bool is_delivered(const RunningDaemon& daemon, int number) {
    const auto reply =
        demo::HttpClient(daemon.port()).post("/api/v1/events", producer, "application/json", event(number));
    EXPECT_EQ(reply.status, 202) << reply.body;
    return eventually(
        [&] { return site.receiver().statistics().path("/healthy").accepted >= static_cast<std::uint64_t>(number); });
  }
  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  }
  // Reloads, and waits until the daemon has said that it did.
  bool reload(RunningDaemon& daemon) {
    site.write_configuration("daemon");
    const auto before = count(daemon.log(), "daemon.reloaded");
    daemon.reload();
    return eventually([&] { return count(daemon.log(), "daemon.reloaded") > before; });
  }

  Site site{nullptr};
  std::string producer;
};

TEST_F(Mounted, AWrongLineOfAProviderCostsThatProviderTheChangeAndNothingElse) {
  RunningDaemon daemon(site);
  ASSERT_TRUE(is_delivered(daemon, 1)) << daemon.log();
  EXPECT_EQ(daemon.metric("opi_plugins_refused"), 0);
  site.set("secret_provider.files.ttl_seconds", "61");
  site.set("secret_provider.nobody.key", "value");  // its plugin may come
  site.set("log.level", "debug");
  ASSERT_TRUE(reload(daemon)) << daemon.log();
  const auto log = daemon.log();
  EXPECT_THAT(log, HasSubstr(R"("log_level":"debug")")) << "the rest acts";
  EXPECT_THAT(log, HasSubstr("secrets.refreshed"));
  EXPECT_THAT(log, testing::ContainsRegex("secret_provider.settings_refused.*conf: line [0-9]+: secret_provider.files."
                                          "ttl_seconds is above the maximum of 60"));
  EXPECT_THAT(log,
              testing::ContainsRegex("plugin.refused.*L703.*conf: line [0-9]+: secret_provider.files.ttl_seconds"));
  EXPECT_THAT(log, Not(HasSubstr("daemon.reload_refused")));
  EXPECT_EQ(daemon.metric("opi_plugins_refused"), 1);
  EXPECT_THAT(site.control({"doctor", "--json"}, 1, "daemon"), HasSubstr("ttl_seconds is above the maximum of 60"));
  EXPECT_TRUE(is_delivered(daemon, 2)) << "with what the provider had before";

  site.set("secret_provider.files.ttl_seconds", "60");
  ASSERT_TRUE(reload(daemon));
  EXPECT_EQ(daemon.metric("opi_plugins_refused"), 0);
  EXPECT_TRUE(is_delivered(daemon, 3));
  EXPECT_EQ(daemon.stop().code, 0);
}

TEST_F(Mounted, ARefreshThatCannotBeAuditedIsToldAsThat) {
  RunningDaemon daemon(site);
  ASSERT_TRUE(is_delivered(daemon, 1)) << daemon.log();
  sqlite3* store = nullptr;
  ASSERT_EQ(sqlite3_open((site.folder() / "store.sqlite").c_str(), &store), SQLITE_OK);
  sqlite3_busy_timeout(store, 20'000);  // the daemon writes, too
  // A destination that is in memory, and none: both ways lead to the audit trail.
  for (const char* reference : {"file://acme/hook/signing", "file://acme/hook/other"}) {
    const auto before = count(daemon.log(), "secrets.refresh_not_audited");
    ASSERT_EQ(sqlite3_exec(store, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    EXPECT_THAT(site.control({"secrets", "refresh", "--json", reference}, 0, "daemon"), HasSubstr("destinations"))
        << "it was done, and says so";
    EXPECT_TRUE(eventually([&] { return count(daemon.log(), "secrets.refresh_not_audited") > before; }))
        << daemon.log();
    sqlite3_exec(store, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  sqlite3_close(store);
  EXPECT_THAT(daemon.log(), Not(HasSubstr("secrets.refresh_not_understood")));
  EXPECT_THAT(daemon.log(), Not(HasSubstr("secret.answer_failed")));
  std::ofstream(site.folder() / "daemon/secrets-refresh-0192f000-0000-7000-8000-0000000000aa.json") << "no document";
  EXPECT_TRUE(eventually([&] { return daemon.log().find("secrets.refresh_not_understood") != std::string::npos; }));
  EXPECT_EQ(daemon.stop().code, 0);
}

}  // namespace
}  // namespace opi::system_test
