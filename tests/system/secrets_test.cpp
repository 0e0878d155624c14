#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "system/site.hpp"

// Where secrets come from, as the real daemon lives with it: a store that hangs, a secret that is replaced.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* reference = "signing/main/1";
constexpr const char* another_secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

std::uint64_t answers(Site& site, const std::string& path, int status) {
  const auto statuses = site.receiver().statistics().path(path).statuses;
  const auto found = statuses.find(status);
  return found == statuses.end() ? 0 : found->second;
}

void publish(const RunningDaemon& daemon, const std::string& producer, int number) {
  const auto reply =
      demo::HttpClient(daemon.port()).post("/api/v1/events", producer, "application/json", event(number));
  ASSERT_EQ(reply.status, 202) << reply.body;
}

class Rotation : public ::testing::Test {
 protected:
  // The daemon has the secret that the receiver does not take yet, and has been told so once.
  void SetUp() override {
    site.provision("/healthy", R"(,"policy":{"max_attempts":1,"timeout_ms":5000})");
    site.write_secret(reference, another_secret);
    producer = site.token("producer");
    auditor = site.token("auditor");
    daemon = std::make_unique<RunningDaemon>(site);
    publish(*daemon, producer, 1);
    ASSERT_TRUE(eventually([&] { return state_of(0) == "dead_lettered"; })) << daemon->log();
    EXPECT_EQ(answers(site, "/healthy", 401), 1u) << "the same value is not tried twice";
  }
  std::string state_of(std::size_t more_delivered) {
    const auto all = all_deliveries(daemon->port(), auditor);
    if (more_delivered == 0) return all.empty() ? "" : all.back().state;
    const auto delivered = std::ranges::count(all, std::string("delivered"), &ShownDelivery::state);
    for (const auto& one : all) EXPECT_LE(one.attempts, 1) << "nothing is spent";
    return std::cmp_greater_equal(delivered, more_delivered) ? "delivered" : "";
  }
  bool is_delivered(int number) {
    publish(*daemon, producer, number);
    return eventually([&] { return state_of(static_cast<std::size_t>(number) - 1) == "delivered"; });
  }

  Site site{nullptr};
  std::string producer, auditor;
  std::unique_ptr<RunningDaemon> daemon;
};

TEST_F(Rotation, ASecretThatTheReceiverRefusesIsFetchedAnewBeforeAnythingIsSpent) {
  site.write_secret(reference, Site::signing_secret());
  // However many refusals there are, a secret is asked for once a second.
  const auto told = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - told > std::chrono::seconds{1}; }));
  EXPECT_TRUE(is_delivered(2)) << daemon->log();
  EXPECT_EQ(answers(site, "/healthy", 401), 2u);
  EXPECT_TRUE(is_delivered(3)) << daemon->log();
  EXPECT_EQ(answers(site, "/healthy", 401), 2u);
  EXPECT_THAT(daemon->log(), HasSubstr("delivery.asked_again"));
  EXPECT_EQ(daemon->log().find(Site::signing_secret().substr(6)), std::string::npos);
}

TEST_F(Rotation, RefreshActsAtOnce) {
  EXPECT_THAT(site.control({"secrets", "refresh", "--all"}, 69), testing::IsEmpty()) << "no daemon has that folder";
  site.write_secret(reference, Site::signing_secret());
  EXPECT_EQ(site.control({"secrets", "refresh", "--json", "local://acme/signing/other/1"}, 0, "daemon"),
            R"({"destinations":0,"changed":0,"added":0,"unresolved":0,"unanswered":0})");
  EXPECT_EQ(site.control({"secrets", "refresh", "--json", std::string("local://acme/") + reference}, 0, "daemon"),
            R"({"destinations":1,"changed":1,"added":0,"unresolved":0,"unanswered":0})");
  EXPECT_TRUE(is_delivered(2)) << daemon->log();
  EXPECT_EQ(answers(site, "/healthy", 401), 1u);
  EXPECT_EQ(site.control({"secrets", "refresh", "--json", "--all"}, 0, "daemon"),
            R"({"destinations":1,"changed":0,"added":0,"unresolved":0,"unanswered":0})");
  fs::remove(site.folder() / "secrets/acme" / reference);
  EXPECT_EQ(site.control({"secrets", "refresh", "--json", "--destination", "0192f000-0000-7000-8000-000000000001"}, 1,
                         "daemon"),
            R"({"destinations":1,"changed":1,"added":0,"unresolved":1,"unanswered":0})");
}

TEST_F(Rotation, SoDoesSighup) {
  site.write_secret(reference, Site::signing_secret());
  daemon->reload();
  ASSERT_TRUE(eventually([&] { return daemon->log().find("secrets.refreshed") != std::string::npos; }));
  EXPECT_TRUE(is_delivered(2)) << daemon->log();
  EXPECT_EQ(answers(site, "/healthy", 401), 1u);
}

// Files of one secret, of which one at a time can be no value, each for a destination of its own.
TEST(OneBadKey, FailsItsOwnDestinationAlone) {
  Site site(nullptr);
  const fs::path plugins = site.folder() / "plugins", root = site.folder() / "mounted", secret = root / "acme/hook";
  fs::create_directories(plugins);
  for (const auto& file : {fs::path(OPI_PLUGINS) / "webhook.so", fs::path(OPI_SECRETS_FILES)})
    fs::copy_file(file, plugins / file.filename());
  fs::create_directories(secret);
  const auto render = [&](const std::string& key, const std::string& value) {
    std::ofstream(secret / (key + ".new"), std::ios::binary) << value;
    fs::permissions(secret / (key + ".new"), fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(secret / (key + ".new"), secret / key);
  };
  site.unset("secret_provider.local.directory");
  site.set("plugins.directory", plugins.string());
  site.set("secret_provider.files.root", root.string());
  site.set("secret_provider.files.ttl_seconds", "1");
  std::string destinations;
  for (const std::string key : {"bad", "good"})
    destinations += std::string(destinations.empty() ? "" : ",") +
                    R"({"destination_id":"0192f000-0000-7000-8000-00000000000)" + (key == "bad" ? "1" : "2") +
                    R"(","name":")" + key + R"(","adapter":"webhook","event_types":["*"],"endpoint":")" +
                    site.receiver().url("/healthy/" + key) +
                    R"(","credentials":[{"purpose":"signing","reference":"file://acme/hook/)" + key + "\"}]}";
  std::ofstream(site.folder() / "two.json")
      << R"({"tenants":[{"tenant_id":"acme","name":"Acme","policy":{"max_attempts":100,"backoff_initial_ms":50,)"
      << R"("backoff_cap_ms":1000},"destinations":[)" << destinations << "]}]}";
  site.control({"apply", (site.folder() / "two.json").string()});
  const auto producer = site.token("producer");
  render("good", Site::signing_secret());
  render("bad", "");
  RunningDaemon daemon(site);
  const auto accepted = [&](const std::string& key, std::uint64_t at_least) {
    return eventually([&] { return site.receiver().statistics().path("/healthy/" + key).accepted >= at_least; });
  };
  const std::vector<std::pair<std::string, std::string>> no_values{
      {"", "the file of the secret is empty"},
      {std::string(65537, 'x'), "the file of the secret is larger than"},
      {"<no value>", "holds the text that a template renders"}};
  std::uint64_t published = 0;
  for (const auto& [value, says] : no_values) {
    render("bad", value);
    const auto told = [&, says = says] {
      publish(daemon, producer, static_cast<int>(++published));
      EXPECT_TRUE(accepted("good", published)) << daemon.log();
      return daemon.log().find(says) != std::string::npos;
    };
    EXPECT_TRUE(eventually(told)) << daemon.log();
  }
  EXPECT_EQ(site.receiver().statistics().path("/healthy/bad").requests, 0u) << "nothing goes out unsigned";
  EXPECT_EQ(site.control({"secrets", "refresh", "--json", "--all"}, 1, "daemon"),
            R"({"destinations":2,"changed":0,"added":0,"unresolved":1,"unanswered":0})");
  // A value that is put in place of it acts, and the other one has never been away.
  render("bad", Site::signing_secret());
  EXPECT_TRUE(accepted("bad", published)) << daemon.log();
  EXPECT_EQ(site.receiver().statistics().path("/healthy/good").requests, published) << "each at its first attempt";
  EXPECT_EQ(daemon.stop().code, 0);
}

// Eight destinations on a store that never answers, and one on a store that does.
TEST(HangingStore, CostsItsOwnDestinationsAlone) {
  Site site(nullptr);
  const fs::path plugins = site.folder() / "plugins";
  fs::create_directories(plugins);
  for (const auto& file : fs::directory_iterator(OPI_PLUGINS))
    fs::copy_file(file.path(), plugins / file.path().filename());
  fs::copy_file(OPI_ODD_PLUGIN, plugins / "odd.so");
  site.set("plugins.directory", plugins.string());
  site.run_in_daemon(OPI_ODD_PLUGIN);
  std::string destinations;
  for (int i = 0; i <= 8; ++i)
    destinations += std::string(i > 0 ? "," : "") + R"({"destination_id":"0192f000-0000-7000-8000-00000000000)" +
                    std::to_string(i) + R"(","name":"d)" + std::to_string(i) +
                    R"(","adapter":"webhook","event_types":["*"],"endpoint":")" +
                    site.receiver().url(i == 0 ? "/healthy" : "/healthy/hanging") +
                    R"(","credentials":[{"purpose":"signing","reference":")" +
                    (i == 0 ? "local://acme/signing/main/1" : "odd://hang-" + std::to_string(i) + "/key") + "\"}]}";
  std::ofstream(site.folder() / "nine.json")
      << R"({"tenants":[{"tenant_id":"acme","name":"Acme","destinations":[)" << destinations << "]}]}";
  site.control({"apply", (site.folder() / "nine.json").string()});
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  const auto hanging = [&] { return daemon.metric("opi_secret_calls_in_flight{provider=\"odd\"}"); };
  publish(daemon, producer, 1);
  ASSERT_TRUE(eventually([&] { return hanging() == 4; })) << daemon.log();
  // All of the hanging store's places are taken, and stay so.
  for (int number = 2; number <= 20; ++number) {
    publish(daemon, producer, number);
    ASSERT_TRUE(eventually([&] {
      return site.receiver().statistics().path("/healthy").accepted >= static_cast<std::uint64_t>(number);
    })) << daemon.log();
  }
  EXPECT_EQ(hanging(), 4);
  EXPECT_EQ(site.receiver().statistics().path("/healthy/hanging").requests, 0u) << "nothing goes out unsigned";
  ASSERT_TRUE(eventually([&] { return daemon.metric("opi_secret_breaker_open{provider=\"odd\"}") == 1; }))
      << daemon.log();
  EXPECT_EQ(daemon.stop().code, 0) << "what never comes back is left behind";
  EXPECT_THAT(daemon.log(), HasSubstr("secrets.calls_left"));
}

}  // namespace
}  // namespace opi::system_test
