#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <filesystem>
#include <fstream>

#include "command_line/operator.hpp"

// The node itself: plugins, doctor, and what ends a command before it begins.
namespace opi::command_line_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class Node : public OnBothStores {
 protected:
  // The first of a check's worst findings.
  static std::string finding(const boost::json::value& findings, const std::string& check) {
    for (const char* level : {"error", "warning", "ok"})
      for (const auto& one : findings.at("findings").as_array())
        if (text(one, "check") == check && text(one, "level") == level)
          return text(one, "level") + " " + text(one, "message");
    return "";
  }
  boost::json::value examine(int expected_code, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"doctor", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = user.run(arguments);
    EXPECT_EQ(result.code, expected_code) << result.out << result.err;
    return result.json();
  }
};

TEST_P(Node, DoctorFindsASoundNodeSound) {
  site.provision("/healthy");
  const auto findings = examine(0);
  EXPECT_EQ(findings.at("errors").as_int64(), 0);
  EXPECT_THAT(finding(findings, "configuration"), HasSubstr("warning general.environment is test"));
  for (const char* check :
       {"egress guard", "addresses", "state", "disk space", "database", "clock", "plugins", "secrets", "signing"})
    EXPECT_THAT(finding(findings, check), testing::StartsWith("ok ")) << check;
  // On PostgreSQL also that no key is named for the audit trail.
  const bool shared = std::string(GetParam()) == "PostgreSQL";
  EXPECT_THAT(user.run({"doctor"}).out, HasSubstr(shared ? "0 errors, 2 warnings" : "0 errors, 1 warnings"));
  EXPECT_THAT(finding(findings, "audit"), shared ? testing::StartsWith("warning ") : testing::StartsWith(""));
  site.set("audit.signing_key_file", (site.folder() / "nowhere.pem").string());
  EXPECT_THAT(finding(examine(1), "audit"), testing::StartsWith("error the signing key "));
}

// The plugins as they are shipped: that of local secrets is there, and not for production.
TEST_P(Node, DoctorFindsAHealthyProductionNodeHealthy) {
  site.set("plugins.directory", OPI_SHIPPED_PLUGINS);
  site.set("general.environment", "production");
  site.unset("secret_provider.local.directory");
  user.run({"migrate"});
  const auto findings = examine(0);
  EXPECT_EQ(findings.at("errors").as_int64(), 0);
  EXPECT_THAT(finding(findings, "plugins"), testing::StartsWith("ok "));
  EXPECT_THAT(finding(findings, "secrets"), HasSubstr("local:// not_here"));
  EXPECT_EQ(user.run({"plugins", "list"}).code, 0);
  site.set("secret_provider.local.directory", "/etc/secrets");
  EXPECT_THAT(finding(examine(1), "configuration"), HasSubstr("may not be used in production"));
}

TEST_P(Node, SecretProvidersTellHowTheyStand) {
  const auto standing = [&](int code) {
    const auto result = user.run({"secrets", "providers", "--json"});
    EXPECT_EQ(result.code, code) << result.out << result.err;
    const auto document = result.json();
    const auto& one = document.at("providers").at(0);
    EXPECT_EQ(text(one, "scheme"), "local");
    return text(one, "state") + (one.at("configured").as_bool() ? " configured" : "");
  };
  EXPECT_EQ(standing(0), "serving configured");
  site.set("secret_provider.local.directory", "relative");
  EXPECT_EQ(standing(1), "refused configured");
  EXPECT_THAT(finding(examine(1), "plugins"), HasSubstr("L703"));
  site.unset("secret_provider.local.directory");
  EXPECT_EQ(standing(0), "not_configured");
  EXPECT_THAT(finding(examine(0), "plugins"), testing::StartsWith("ok ")) << "nobody has asked for it";
}

// What a provider notices while a secret is read, not only what it says at its start.
TEST_P(Node, DoctorTellsOfAVolumeThatKubeletUpdatesNoMore) {
  const fs::path volume = site.folder() / "mounted/acme/siem";
  fs::create_directories(volume / "..version");
  std::ofstream(volume / "..version/signing") << site.signing_secret();
  fs::permissions(volume / "..version/signing", fs::perms::owner_read);
  fs::create_directory_symlink("..version", volume / "..data");
  site.set("plugins.directory", OPI_SHIPPED_PLUGINS);
  site.set("secret_provider.files.root", (site.folder() / "mounted").string());
  site.provision("/healthy");
  user.json({"credentials", "put", the_destination, "signing", "--tenant", "acme", "--reference", "-"},
            "file://acme/siem/signing");
  EXPECT_THAT(finding(examine(0), "secrets"), testing::StartsWith("ok "));
  fs::create_symlink("..next", volume / "..data_tmp");
  const timespec old[2]{{::time(nullptr) - 61, 0}, {::time(nullptr) - 61, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (volume / "..data_tmp").c_str(), old, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_THAT(finding(examine(0), "secrets"),
              AllOf(testing::StartsWith("warning "), HasSubstr("kubelet updates this volume no more")));
}

// The shipped file is what the program prints, its providers' sections from the manifests of the shipped plugins.
TEST(ShippedConfiguration, IsWhatTheProgramPrints) {
  demo::ChildProcess print({fs::path(OPI_PROGRAMS) / "integrationsd",
                            {"--print-config", "--set", std::string("plugins.directory=") + OPI_SHIPPED_PLUGINS},
                            "/dev/null"});
  const auto printed = print.read_all(std::chrono::seconds{30});
  ASSERT_TRUE(printed);
  std::ifstream stream(OPI_SHIPPED_CONFIGURATION);
  const std::string shipped((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_EQ(*printed, shipped) << "integrationsd --print-config > etc/integrationsd.conf";
  EXPECT_THAT(shipped, HasSubstr("[secret_provider.local]"));
}

TEST_P(Node, DoctorNamesADatabaseThatIsOpenToItsLogins) {
  if (std::string(GetParam()) != "PostgreSQL") GTEST_SKIP() << "SQLite has no logins";
  site.provision("/healthy");
  EXPECT_EQ(finding(examine(0), "rights"), "");
  const auto change = [&](const std::string& sql) {
    user.shell("/usr/lib/postgresql/15/bin/psql -q \"$(cat '" + (site.folder() / "connection").string() + "')\" -c \"" +
               sql + "\"");
  };
  change("ALTER FUNCTION opi.publish(jsonb) RESET search_path");
  EXPECT_THAT(finding(examine(1), "rights"),
              HasSubstr("error the function opi.publish(jsonb) takes what its caller made"));
  change("ALTER FUNCTION opi.publish(jsonb) SET search_path = pg_catalog, pg_temp");
  change("GRANT TEMPORARY ON DATABASE \\\"$(sed 's/.*dbname=//' '" + (site.folder() / "connection").string() +
         "')\\\" TO PUBLIC");
  EXPECT_THAT(finding(examine(0), "rights"), HasSubstr("warning every login may make temporary tables"));
}

// A server that has lost its standby answers whoever reads; whoever writes waits.
TEST(Doctor, NamesTheStandbyThatIsMissing) {
  test::PostgresCluster cluster;
  system_test::Site site(&cluster);
  Operator user(site);
  site.provision("/healthy");
  const auto name_standby = [&](const std::string& name) {
    const std::string psql =
        "/usr/lib/postgresql/15/bin/psql -qtA \"$(cat '" + (site.folder() / "connection").string() + "')\" -c ";
    user.shell(psql + "\"ALTER SYSTEM SET synchronous_standby_names = '" + name + "'\" -c 'SELECT pg_reload_conf()'");
    while (user.shell(psql + "'SHOW synchronous_standby_names'").out != name + "\n") {
    }
  };
  EXPECT_EQ(site.control({"doctor", "--json"}).find("synchronous_standby_names"), std::string::npos);
  name_standby("absent");
  const auto found = site.control({"doctor", "--json"}, 1);
  EXPECT_THAT(found, HasSubstr("synchronous_standby_names is 'absent', and no standby is there to confirm a commit"));
  EXPECT_THAT(found, HasSubstr("bring the standby back"));
  name_standby("");
  EXPECT_EQ(site.control({"doctor", "--json"}).find("synchronous_standby_names"), std::string::npos);
}

// Of what the database holds of them: doctor is none of the daemons.
TEST(Doctor, NamesTheDaemonsThatShareADatabaseAndThoseThatAreSilent) {
  test::PostgresCluster cluster;
  system_test::Site site(&cluster);
  Operator user(site);
  site.provision("/healthy");
  EXPECT_EQ(site.control({"doctor", "--json"}).find("destinations are shared"), std::string::npos);
  const std::string psql =
      "/usr/lib/postgresql/15/bin/psql -qtA \"$(cat '" + (site.folder() / "connection").string() + "')\" -c ";
  user.shell(psql +
             "\"INSERT INTO integration_daemons VALUES ('one', now(), now(), now() + interval '1 hour', 45000),"
             "('silent', now(), now(), now() + interval '1 second', 0), ('dead', now(), now(), now(), 0)\"");
  const auto found = site.control({"doctor", "--json"}, 1);
  EXPECT_THAT(found, HasSubstr("destinations are shared between one"));
  EXPECT_THAT(found, HasSubstr("that of one is 45000 ms ahead of the database's"));
  EXPECT_THAT(found, HasSubstr("silent has "));  // not shown itself; or, on a slow machine, been dead
  EXPECT_THAT(found, HasSubstr("dead has been dead for "));
  EXPECT_THAT(found, HasSubstr("its log tells why"));
}

TEST_P(Node, DoctorFindsWhatIsWrong) {
  site.provision("/healthy",
                 R"(},{"destination_id":"0192f000-0000-7000-8000-000000000002","name":"mute","adapter":"webhook",)"
                 R"("event_types":["*"],"endpoint":"http://127.0.0.1:9/","credentials":[)"
                 R"({"purpose":"signing","reference":"local://acme/not/there/1"}])");
  const fs::path plugins = site.folder() / "plugins";
  fs::create_directories(plugins);
  for (const auto& file : fs::directory_iterator(OPI_PLUGINS))
    fs::copy_file(file.path(), plugins / file.path().filename());
  std::ofstream(plugins / "notes.so") << "this is no plugin";
  site.set("plugins.directory", plugins.string());
  site.set("egress.allow", "0.0.0.0/0");
  site.set("api.address", "0.0.0.0");
  const auto findings = examine(1);
  EXPECT_THAT(finding(findings, "plugins"), AllOf(HasSubstr("error"), HasSubstr("L201")));
  EXPECT_THAT(finding(findings, "egress guard"), HasSubstr("error egress.allow has 0.0.0.0/0"));
  EXPECT_THAT(finding(examine(1, {"--set", "egress.allow=", "--set", "egress.plain_http=any"}), "egress guard"),
              HasSubstr("warning egress.plain_http is any"));
  EXPECT_THAT(finding(findings, "addresses"), HasSubstr("warning the API listens on 0.0.0.0"));
  EXPECT_THAT(finding(findings, "signing"), AllOf(HasSubstr("error mute of acme"), HasSubstr("missing")));
  EXPECT_THAT(finding(examine(1, {"--set", "api.port=x"}), "configuration"), HasSubstr("error command line: api.port"));
}

TEST_P(Node, DoctorFindsAStateDirectoryThatIsOpen) {
  const fs::path state = site.write_configuration("control").parent_path();
  const auto open = user.shell("chmod 755 '" + state.string() + "'; $CTL doctor");  // writing it anew would close it
  EXPECT_THAT(open.out, HasSubstr("is open to others than its owner"));
}

// What root can read is not what the daemon can; and what is the daemon's alone is not denied to it.
TEST_P(Node, RootLooksWithTheDaemonsEyes) {
  if (getuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  if (std::string_view(GetParam()) != "SQLite") GTEST_SKIP() << "of files, both look alike";
  constexpr const char* nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
  if (user.shell(std::string(nobody) + "test -x " OPI_PROGRAMS "/integrationsctl -a -r " OPI_SHIPPED_PLUGINS).code != 0)
    GTEST_SKIP() << "others may not look at these programs";
  const fs::path mounted = site.folder() / "mounted/acme/signing";
  fs::create_directories(mounted);
  std::ofstream(mounted / "main") << site.signing_secret();
  const fs::path authorities = site.folder() / "authorities.pem";
  std::ofstream(authorities) << "";
  site.set("plugins.directory", OPI_SHIPPED_PLUGINS);
  site.set("general.environment", "production");
  site.unset("secret_provider.local.directory");
  site.set("secret_provider.files.root", (site.folder() / "mounted").string());
  user.run({"migrate"});
  const std::string given =
      "chown -R 65534:65534 '" + site.folder().string() + "' && chmod 600 '" + (mounted / "main").string() + "'; ";
  const auto check = user.shell(given + "$CTL secrets check file://acme/signing/main --tenant acme");
  EXPECT_EQ(check.code, 0) << check.out << check.err;
  const auto sound = user.shell(given + "$CTL doctor --set egress.ca_file='" + authorities.string() + "' --json");
  EXPECT_EQ(sound.code, 0) << sound.out << sound.err;
  const auto closed =
      user.shell(given + "chown root '" + authorities.string() + "'; chmod 600 '" + authorities.string() +
                 "'; $CTL doctor --set egress.ca_file='" + authorities.string() + "' --json");
  EXPECT_EQ(closed.code, 1) << closed.out << closed.err;
  EXPECT_THAT(finding(closed.json(), "permissions"), HasSubstr("error egress.ca_file " + authorities.string()));
  EXPECT_EQ(user.shell(given + "$CTL plugins list").code, 0);
}

TEST_P(Node, DoctorMakesNoSchema) {
  EXPECT_THAT(finding(examine(0), "database"), HasSubstr("without a schema yet"));
  EXPECT_THAT(finding(examine(0), "database"), HasSubstr("without a schema yet"));
}

TEST_P(Node, PluginsAreTriedAndRefusalsExplained) {
  const auto listed = user.json({"plugins", "list"});
  const auto shipped = std::ranges::count_if(fs::directory_iterator(OPI_PLUGINS),
                                             [](const auto& file) { return file.path().extension() == ".so"; });
  EXPECT_EQ(static_cast<std::ptrdiff_t>(listed.at("plugins").as_array().size()), shipped);
  const auto good = user.run({"plugins", "check", std::string(OPI_PLUGINS) + "/webhook.so"});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  const fs::path bad = site.folder() / "bad.so";
  std::ofstream(bad) << "this is no plugin";
  const auto refused = user.run({"plugins", "check", bad.string()});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("inspect L201"), HasSubstr("remedy: ")));
  EXPECT_EQ(user.run({"plugins", "check", "/nowhere.so"}).code, 66);
  EXPECT_EQ(user.run({"adapters", "show", "webhook"}).code, 0);
  EXPECT_EQ(user.run({"adapters", "show", "fax"}).code, 66);
}

TEST_P(Node, MistakesEndWithTheirExitCode) {
  const auto usage = user.run({"tenants", "list", "--nonsense", "--json"});
  EXPECT_EQ(usage.code, 64);
  EXPECT_EQ(text(usage.problem(), "type"), "urn:oneprotect:problem:usage");
  EXPECT_EQ(user.run({"nonsense"}).code, 64);
  EXPECT_EQ(user.run({"nonsense", "--help"}).code, 64);
  EXPECT_EQ(user.run({"--help"}).code, 0);
  const auto configuration = user.run({"tenants", "list", "--set", "api.port=x", "--json"});
  EXPECT_EQ(configuration.code, 78);
  EXPECT_THAT(text(configuration.problem(), "detail"), HasSubstr("api.port"));
  EXPECT_EQ(user.run({"tenants", "list", "--set", "egress.allow=x"}).code, 78);
  EXPECT_EQ(user.run({"tenants", "list", "--set", "store.engine=postgres", "--set",
                      "store.postgres_connection_file=", "--set", "store.postgres_connection=host=/nowhere"})
                .code,
            69);
  EXPECT_EQ(user.shell("$CTL tenants list > /dev/full").code, 73);
  EXPECT_EQ(user.shell("INTEGRATIONSCTL_CONFIG=/nowhere ${CTL%% *} tenants list").code, 78);
}

TEST_P(Node, AStrangerOfTheNodeMayNotUseItsStore) {
  if (getuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  if (std::string_view(GetParam()) != "SQLite") GTEST_SKIP() << "of PostgreSQL, the server decides";
  user.json({"tenants", "list"});
  const auto stranger =
      user.shell("chmod 755 '" + site.folder().string() + "' '" + (site.folder() / "control").string() +
                 "'; cp ${CTL%% *} '" + site.folder().string() + "/program' && chmod 755 '" + site.folder().string() +
                 "/program' && cd / && setpriv --reuid=65534 --regid=65534 --clear-groups '" + site.folder().string() +
                 "/program' --config /dev/null tenants list --set store.sqlite_path='" +
                 (site.folder() / "store.sqlite").string() + "'");
  EXPECT_EQ(stranger.code, 77) << stranger.err;
  const auto configuration = user.shell(
      "chmod 755 '" + site.folder().string() + "' '" + (site.folder() / "control").string() +
      "'; cd / && setpriv --reuid=65534 --regid=65534 "
      "--clear-groups '" +
      site.folder().string() + "/program' --config '" + (site.folder() / "control/conf").string() + "' tenants list");
  EXPECT_EQ(configuration.code, 77) << configuration.err;
}

INSTANTIATE_TEST_SUITE_P(Stores, Node, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace opi::command_line_test
