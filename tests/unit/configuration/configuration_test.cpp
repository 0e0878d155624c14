#include "configuration/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "configuration/documented_file.hpp"

namespace opi::configuration {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Loading : public testing::Test {
 protected:
  Loading() {
    std::string pattern = (std::filesystem::temp_directory_path() / "opi-conf-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~Loading() override { std::filesystem::remove_all(folder); }
  std::string file(const std::string& content, const char* name = "conf") {
    std::ofstream(folder / name, std::ios::binary) << content;
    return folder / name;
  }
  // The errors of one setting given on the command line.
  static std::vector<std::string> errors_of(const std::string& setting) { return load("", {}, {setting}).errors; }

  std::filesystem::path folder;
};

TEST_F(Loading, DefaultsAreComplete) {
  const auto loaded = load("", {}, {});
  EXPECT_THAT(loaded.errors, IsEmpty());
  const auto& c = loaded.configuration;
  EXPECT_EQ(c.environment, Environment::production);
  EXPECT_FALSE(c.relaxed());
  EXPECT_EQ(c.store_engine, StoreEngine::sqlite);
  EXPECT_EQ(c.sqlite_file(), "/var/lib/integrationsd/integrations.sqlite");
  EXPECT_EQ(c.api_address, "127.0.0.1");
  EXPECT_EQ(c.api_port, 8080);
  EXPECT_EQ(c.drain_timeout, 25s);
  EXPECT_EQ(c.log_file, "-");
  EXPECT_EQ(c.log_level, telemetry::Level::info);
  EXPECT_EQ(c.plugin_directory, "/usr/lib/integrationsd/plugins");
  EXPECT_THAT(c.plugin_pins, IsEmpty());
  EXPECT_EQ(c.max_in_flight, 2000);
  EXPECT_EQ(c.lease_grace, 15s);
  EXPECT_EQ(c.intake_waiting_events, 20'000);
}

TEST_F(Loading, TheCommandLineWinsOverTheEnvironmentAndThatOverTheFile) {
  const auto path = file("[api]\nport=1\nthreads=1\n[dispatch]\nmax_in_flight=1\n[log]\nlevel=debug\n");
  const auto loaded = load(path, {{"OPI_API_PORT", "2"}, {"OPI_DISPATCH_MAX_IN_FLIGHT", "2"}}, {"api.port=3"});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.configuration.api_port, 3);
  EXPECT_EQ(loaded.configuration.max_in_flight, 2);
  EXPECT_EQ(loaded.configuration.api_threads, 1);
  EXPECT_EQ(loaded.configuration.log_level, telemetry::Level::debug);
}

TEST_F(Loading, PlainHttpIsForListedAddressesUnlessSaidOtherwise) {
  EXPECT_EQ(load("", {}, {}).configuration.egress_plain_http, PlainHttp::listed);
  EXPECT_EQ(load("", {}, {"egress.plain_http=any"}).configuration.egress_plain_http, PlainHttp::any);
  EXPECT_THAT(errors_of("egress.plain_http=yes"), ElementsAre("command line: egress.plain_http is not listed or any"));
}

TEST_F(Loading, TheLastOfSeveralSettingsOnTheCommandLineWins) {
  EXPECT_EQ(load("", {}, {"api.port=1", "api.port=2"}).configuration.api_port, 2);
}

TEST_F(Loading, ValuesMayHoldEqualsSignsAndBlanks) {
  const auto loaded = load(file("[store]\npostgres_connection = host=/run/pg dbname=opi user=x\n"), {},
                           {"egress.allow=10.0.0.0/8, ::1 127.0.0.1"});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.configuration.postgres_connection, "host=/run/pg dbname=opi user=x");
  EXPECT_THAT(loaded.configuration.egress_allow, ElementsAre("10.0.0.0/8", "::1", "127.0.0.1"));
}

TEST_F(Loading, EveryErrorIsReportedWithItsSourceAndKey) {
  const auto path = file("[api]\nport=x\nprt=1\n[log]\nlevel=loud\n");
  const auto loaded = load(path, {{"OPI_API_THREADS", "0"}}, {"egress.threads=17", "nonsense", "what.ever=1"});
  EXPECT_THAT(loaded.errors,
              UnorderedElementsAre(
                  path + ": api.port must be a whole number from 0 to 65535", path + ": api.prt is not a known key",
                  path + ": log.level must be debug, info, warning or error",
                  "environment OPI_API_THREADS: api.threads must be a whole number from 1 to 1024",
                  "command line: egress.threads must be a whole number from 1 to 16",
                  "command line: --set needs section.name=value", "command line: what.ever is not a known key"));
}

TEST_F(Loading, AKeyThatIsSetTwiceInTheFileIsAnError) {
  const auto path = file("[api]\nport=1\nport=2\n");
  EXPECT_THAT(load(path, {}, {}).errors, ElementsAre(path + ": api.port is set twice"));
  const auto apart = file("[api]\nport=1\n[log]\nlevel=info\n[api]\nport=1\n", "apart");
  EXPECT_THAT(load(apart, {}, {}).errors, ElementsAre(apart + ": api.port is set twice"));
}

TEST_F(Loading, AFileThatCannotBeReadOrIsNoConfigurationIsAnError) {
  EXPECT_THAT(load(folder / "absent", {}, {}).errors, ElementsAre(HasSubstr("absent: cannot be read")));
  EXPECT_THAT(load(file("[api\nport\n"), {}, {}).errors, testing::Not(IsEmpty()));
}

TEST_F(Loading, NumbersHoldAtTheEdgesOfEveryRange) {
  struct Range {
    const char* key;
    long long least, most;
  };
  for (const auto& [key, least, most] :
       {Range{"general.drain_timeout_ms", 0, 600'000}, Range{"api.port", 0, 65'535}, Range{"api.threads", 1, 1'024},
        Range{"egress.threads", 1, 16}, Range{"egress.connect_timeout_ms", 100, 60'000},
        Range{"egress.idle_timeout_ms", 1'000, 600'000}, Range{"egress.max_connections_per_origin", 1, 8'192},
        Range{"dispatch.max_in_flight", 1, 20'000}, Range{"dispatch.claim_batch", 1, 500},
        Range{"dispatch.claim_interval_ms", 1, 1'000}, Range{"dispatch.discovery_interval_ms", 50, 60'000},
        Range{"dispatch.lease_grace_ms", 2'000, 600'000}, Range{"dispatch.rescue_interval_ms", 100, 600'000},
        Range{"breaker.failure_threshold", 0, 10'000}, Range{"intake.waiting_events", 1'000, 1'000'000}}) {
    const std::string name = std::string(key) + "=";
    EXPECT_THAT(errors_of(name + std::to_string(least)), IsEmpty()) << key;
    EXPECT_THAT(errors_of(name + std::to_string(most)), IsEmpty()) << key;
    for (const auto& wrong : {std::to_string(least - 1), std::to_string(most + 1), std::string{}, std::string{"1x"},
                              std::string{"1.5"}, std::string{" 1"}, std::string{"99999999999999999999"}})
      EXPECT_EQ(errors_of(name + wrong).size(), 1u) << name << wrong;
  }
}

TEST_F(Loading, TheUnitOfEveryNumberTellsItsLimits) {
  for (const auto& key : keys()) {
    const std::string unit(key.unit);
    const auto to = unit.find(" to ");
    if (to == std::string::npos) continue;
    const auto comma = unit.rfind(", ", to);
    const long long least = std::stoll(unit.substr(comma == std::string::npos ? 0 : comma + 2));
    const long long most = std::stoll(unit.substr(to + 4));
    Configuration c;
    EXPECT_EQ(key.apply(c, std::to_string(least)), "") << key.name;
    EXPECT_EQ(key.apply(c, std::to_string(most)), "") << key.name;
    EXPECT_NE(key.apply(c, std::to_string(least - 1)), "") << key.name;
    EXPECT_NE(key.apply(c, std::to_string(most + 1)), "") << key.name;
  }
}

TEST_F(Loading, AddressesAreAddresses) {
  for (const char* key : {"api.address", "status.address"}) {
    for (const char* good : {"127.0.0.1", "0.0.0.0", "::1", "::", "localhost"})
      EXPECT_THAT(load("", {}, {std::string(key) + "=" + good}).errors, IsEmpty()) << good;
    for (const char* bad : {"", "256.0.0.1", "127.0.0.1:80", "[::1]", "a host", "11111111111"})
      EXPECT_THAT(load("", {}, {std::string(key) + "=" + bad}).errors, testing::SizeIs(1)) << bad;
  }
}

TEST_F(Loading, WordsAreOfTheirLists) {
  for (const char* good : {"general.environment=local", "general.environment=dev", "general.environment=test",
                           "store.engine=sqlite", "log.level=error", "log.file=/var/log/x", "store.sqlite_path="})
    EXPECT_THAT(errors_of(good), IsEmpty()) << good;
  for (const char* wrong :
       {"general.environment=prod", "general.environment=", "store.engine=mysql", "log.level=INFO", "log.file=relative",
        "log.file=", "store.sqlite_path=relative", "general.state_directory=", "general.state_directory=relative",
        "identity.jwt_role_claim=", "identity.jwt_keys=relative", "plugins.directory=", "plugins.pins=abc"})
    EXPECT_EQ(errors_of(wrong).size(), 1u) << wrong;
  EXPECT_THAT(errors_of("audit.trusted_keys=" + std::string(64, 'A') + "," + std::string(64, '0')), IsEmpty());
  EXPECT_EQ(errors_of("audit.trusted_keys=" + std::string(63, 'a')).size(), 1u);
  EXPECT_EQ(errors_of("audit.trusted_keys=" + std::string(64, 'g')).size(), 1u);
  EXPECT_THAT(errors_of("plugins.pins=" + std::string(64, 'a') + "," + std::string(64, '0')), IsEmpty());
  EXPECT_EQ(errors_of("plugins.pins=" + std::string(64, 'A')).size(), 1u);
  EXPECT_EQ(errors_of("plugins.pins=" + std::string(63, 'a')).size(), 1u);
}

TEST_F(Loading, FramesAreOfOrigins) {
  std::string sixteen;
  for (int i = 0; i < 16; ++i) sixteen += "https://app" + std::to_string(i) + ".example.com ";
  for (const auto& good : {std::string{}, std::string{"https://app.example.com"},
                           std::string{"http://localhost:3000, https://a-b.example:65535"}, sixteen})
    EXPECT_THAT(errors_of("console.frame_ancestors=" + good), IsEmpty()) << good;
  for (const auto& wrong :
       {std::string{"app.example.com"}, std::string{"*"}, std::string{"https://*.example.com"},
        std::string{"https://app.example.com/"}, std::string{"https://app.example.com/page"}, std::string{"https://"},
        std::string{"https://app.example.com;script-src"}, std::string{"https://APP.example.com"},
        std::string{"https://app.example.com:"}, std::string{"https://app.example.com:80a"}, std::string{"'self'"},
        std::string{"data:"}, sixteen + "https://one.more"})
    EXPECT_EQ(errors_of("console.frame_ancestors=" + wrong).size(), 1u) << wrong;
}

TEST_F(Loading, WhatOnlyTheWholeShows) {
  EXPECT_THAT(load("", {}, {"store.engine=postgres"}).errors, ElementsAre(HasSubstr("store.postgres_connection")));
  EXPECT_THAT(load("", {}, {"breaker.cooldown_ms=100", "breaker.max_cooldown_ms=99"}).errors,
              ElementsAre(HasSubstr("breaker.max_cooldown_ms must be at least")));
  EXPECT_THAT(load("", {}, {"breaker.cooldown_ms=100", "breaker.max_cooldown_ms=100"}).errors, IsEmpty());
  EXPECT_THAT(load("", {}, {"identity.jwt_keys=/keys", "identity.jwt_issuer=https://id.example"}).errors,
              ElementsAre(HasSubstr("identity.jwt_audience must be set")));
  EXPECT_THAT(load("", {}, {"identity.jwt_keys=/keys", "identity.jwt_issuer=i", "identity.jwt_audience=a"}).errors,
              IsEmpty());
}

TEST_F(Loading, WhatSecretProvidersAreToldIsKeptAsItIsWithItsPlace) {
  const auto path =
      file("[api]\nport=1\n\n[secret_provider.acme.vault]\n  # where it is\nurl = https://v:8200/a=b\nttl=5\n");
  const auto loaded = load(path, {}, {"secret_provider.acme.vault.ttl=6", "secret_provider.local.directory=/x"});
  EXPECT_THAT(loaded.errors, IsEmpty());
  const auto& providers = loaded.configuration.secret_providers;
  ASSERT_EQ(providers.size(), 2u);
  EXPECT_EQ(providers.at("acme.vault").at("url").text, "https://v:8200/a=b");
  EXPECT_EQ(providers.at("acme.vault").at("url").source, path + ": line 6");
  EXPECT_EQ(providers.at("acme.vault").at("ttl").text, "6") << "the command line wins";
  EXPECT_EQ(providers.at("local").at("directory").source, "command line");
  EXPECT_THAT(errors_of("secret_provider.local=x"),
              ElementsAre("command line: secret_provider.local is not secret_provider.<id>.<name>"));
}

TEST_F(Loading, FormsThatSecretProvidersDoNotHaveAreRefusedByName) {
  EXPECT_THAT(load("", {{"OPI_SECRET_PROVIDER_LOCAL_DIRECTORY", "/x"}}, {}).errors,
              ElementsAre("environment OPI_SECRET_PROVIDER_LOCAL_DIRECTORY: secret providers are configured in the "
                          "file, or by --set secret_provider.<id>.<name>=value"));
  const auto moved =
      HasSubstr("secrets.local_directory is now the key directory of the section [secret_provider.local]");
  EXPECT_THAT(load(file("[secrets]\nlocal_directory=/x\n"), {}, {}).errors, ElementsAre(moved));
  EXPECT_THAT(load("", {{"OPI_SECRETS_LOCAL_DIRECTORY", "/x"}}, {"secrets.local_directory=/x"}).errors,
              ElementsAre(moved, moved));
}

TEST_F(Loading, AConnectionFileWinsAndHasItsLimits) {
  const auto with = [&](const std::string& path) {
    return load("", {},
                {"store.engine=postgres", "store.postgres_connection=a", "store.postgres_connection_file=" + path});
  };
  EXPECT_EQ(with(file("host=x password=secret\r\n")).configuration.postgres_connection, "host=x password=secret");
  EXPECT_THAT(with(file(std::string(4096, 'x'))).errors, IsEmpty());
  EXPECT_THAT(with(file(std::string(4097, 'x'))).errors, ElementsAre(HasSubstr("1 to 4096 bytes")));
  EXPECT_THAT(with(file("\n")).errors, ElementsAre(HasSubstr("1 to 4096 bytes")));
  EXPECT_THAT(with(folder / "absent").errors, ElementsAre(HasSubstr("cannot be read")));
}

TEST_F(Loading, CredentialsOfAProxyComeFromAFileAndNeedAProxy) {
  const auto with = [&](std::vector<std::string> settings) { return load("", {}, settings); };
  const std::string key = "egress.proxy_credentials_file=", proxy = "egress.proxy=http://proxy:3128";
  EXPECT_EQ(with({proxy, key + file("u:hunter2\n")}).configuration.egress_proxy_credentials, "u:hunter2");
  EXPECT_THAT(with({proxy, key + file("\n")}).errors,
              ElementsAre("configuration: egress.proxy_credentials_file must hold 1 to 4096 bytes"));
  EXPECT_THAT(with({proxy, key + (folder / "absent").string()}).errors,
              ElementsAre("configuration: egress.proxy_credentials_file cannot be read"));
  for (const auto& alone : {key + file("u:p"), std::string("egress.proxy_exceptions=10.0.0.0/8")})
    EXPECT_THAT(with({alone}).errors,
                ElementsAre("configuration: egress.proxy must be set where its credentials or exceptions are"));
}

TEST_F(Loading, ErrorsNeverRepeatValues) {
  const auto path = file("[api]\nport=hunter2\n[store]\npasword=hunter2\n");
  for (const auto& error : load(path, {{"OPI_LOG_LEVEL", "hunter2"}}, {"plugins.pins=hunter2"}).errors)
    EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
}

TEST_F(Loading, AValueThatACommentWouldCutIsRefused) {
  const auto path = file("# a comment\n[store]\n  # another\npostgres_connection=password=a#b\n");
  EXPECT_THAT(load(path, {}, {}).errors,
              ElementsAre(path + ": line 4 has a # inside a value, which would be cut there"));
  const auto commented = file("[api]\nport=1 # which is privileged\n", "commented");
  EXPECT_THAT(load(commented, {}, {}).errors, IsEmpty());
  EXPECT_EQ(load(commented, {}, {}).configuration.api_port, 1);
  EXPECT_EQ(load("", {}, {"store.postgres_connection=password=a#b"}).configuration.postgres_connection, "password=a#b");
}

// The shipped file is the reference of operators.
TEST(ShippedConfiguration, IsWhatTheDaemonPrints) {
  std::ifstream shipped(OPI_SHIPPED_CONFIGURATION);
  ASSERT_TRUE(shipped) << OPI_SHIPPED_CONFIGURATION;
  std::istringstream printed(documented_file());
  std::string line, wanted;
  while (std::getline(printed, wanted)) {
    std::getline(shipped, line);
    ASSERT_EQ(line, wanted) << "integrationsd --print-config > etc/integrationsd.conf";
  }
  // The sections of secret providers follow, from the manifests of the plugins that come with the daemon.
  while (std::getline(shipped, line))
    ASSERT_TRUE(line.empty() || line.starts_with("#") || line.starts_with("[secret_provider.")) << line;
}

TEST(ShippedConfiguration, LoadsWithoutErrors) {
  const auto loaded = load(OPI_SHIPPED_CONFIGURATION, {}, {});
  EXPECT_THAT(loaded.errors, IsEmpty());
}

}  // namespace
}  // namespace opi::configuration
