#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/one_text_server.hpp"
#include "system/site.hpp"

// Secret providers that come, change and go while the daemon runs, in processes of their own.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;

class ProviderDropIn : public testing::Test {
 protected:
  ProviderDropIn() {
    fs::create_directory(directory_);
    fs::permissions(directory_, fs::perms::owner_all);
    drop(fs::path(OPI_PLUGINS) / "webhook.so", "webhook.so");
    site_.set("plugins.directory", directory_.string());
    drop(OPI_KEEPER_PLUGIN, "keeper.so");  // for as long as its references are put
    std::ofstream(site_.folder() / "destination.json")
        << R"({"tenants":[{"tenant_id":"acme","name":"Acme","policy":{"max_attempts":20,"backoff_initial_ms":50,)"
        << R"("backoff_cap_ms":2000},"destinations":[{"destination_id":"0192f000-0000-7000-8000-000000000001",)"
        << R"("name":"receiver","adapter":"webhook","event_types":["*"],"endpoint":")"
        << site_.receiver().url("/healthy")
        << R"(","credentials":[{"purpose":"signing","reference":"net://fetch/127.0.0.1:)" << vault_.port()
        << R"(/signing"}]}]}]})";
    site_.control({"apply", (site_.folder() / "destination.json").string()});
    fs::remove(directory_ / "keeper.so");
    producer_ = site_.token("producer");
    daemon_ = std::make_unique<RunningDaemon>(site_);
  }
  void drop(const fs::path& plugin, const std::string& name) {
    const auto part = directory_ / (name + ".part");
    fs::copy_file(plugin, part);
    fs::permissions(part, fs::perms::owner_all);
    fs::rename(part, directory_ / name);
  }
  std::string reload(int expected_code = 0) { return site_.control({"plugins", "reload"}, expected_code, "daemon"); }
  void publish(int number) {
    const auto reply =
        demo::HttpClient(daemon_->port()).post("/api/v1/events", producer_, "application/json", event(number));
    ASSERT_EQ(reply.status, 202) << reply.body;
  }
  // The receiver verifies each signature.
  bool received(std::size_t requests) {
    return eventually([&] { return site_.receiver().statistics().path("/healthy").accepted >= requests; });
  }
  bool logged(const std::string& text) {
    return eventually([&] { return daemon_->log().find(text) != std::string::npos; });
  }

  Site site_{nullptr};
  const test::OneTextServer vault_{Site::signing_secret()};
  fs::path directory_ = site_.folder() / "plugins.d";
  std::string producer_;
  std::unique_ptr<RunningDaemon> daemon_;
};

TEST_F(ProviderDropIn, ADeliveryIsSignedOnceItsProviderArrivesAndItComesChangesAndGoes) {
  publish(1);
  ASSERT_TRUE(logged("signing_secret_unavailable")) << daemon_->log();
  drop(OPI_KEEPER_PLUGIN, "keeper.so");
  EXPECT_EQ(reload().find("loaded test.keeper"), 0u);
  EXPECT_TRUE(received(1)) << daemon_->log();
  EXPECT_TRUE(logged(R"("isolation":"process")"));

  drop(OPI_KEEPER_NEXT_PLUGIN, "keeper.so");
  EXPECT_EQ(reload().find("loaded test.keeper"), 0u);
  publish(2);
  EXPECT_TRUE(received(2));

  std::ofstream(directory_ / "keeper.so", std::ios::in | std::ios::out).seekp(4096).write("damaged", 7);
  EXPECT_EQ(reload(1).find("refused "), 0u);
  publish(3);
  EXPECT_TRUE(received(3)) << "the one that was there goes on";

  fs::remove(directory_ / "keeper.so");
  EXPECT_EQ(reload().find("retired test.keeper"), 0u);
  EXPECT_EQ(daemon_->log().find(Site::signing_secret()), std::string::npos);
  EXPECT_EQ(daemon_->stop().code, 0);
}

class ProviderDeaths : public testing::TestWithParam<const char*> {};

TEST_P(ProviderDeaths, CostItsOwnDeliveriesAndNobodyElses) {
  Site site(nullptr);
  const fs::path plugins = site.folder() / "plugins.d";
  fs::create_directories(plugins);
  for (const auto* name : {"webhook.so", "secrets_local.so"})
    fs::copy_file(fs::path(OPI_PLUGINS) / name, plugins / name);
  fs::copy_file(OPI_KEEPER_PLUGIN, plugins / "keeper.so");
  site.set("plugins.directory", plugins.string());
  const auto destination = [&](const std::string& number, const std::string& path, const std::string& reference) {
    return R"({"destination_id":"0192f000-0000-7000-8000-00000000000)" + number + R"(","name":"d)" + number +
           R"(","adapter":"webhook","event_types":["*"],"endpoint":")" + site.receiver().url(path) +
           R"(","credentials":[{"purpose":"signing","reference":")" + reference + R"("}]})";
  };
  std::ofstream(site.folder() / "two.json")
      << R"({"tenants":[{"tenant_id":"acme","name":"Acme","policy":{"max_attempts":20,"backoff_initial_ms":50,)"
      << R"("backoff_cap_ms":5000},"destinations":[)" << destination("1", "/healthy", "local://acme/signing/main/1")
      << "," << destination("2", "/healthy/bad", "net://" + std::string(GetParam()) + "/app/signing") << "]}]}";
  site.control({"apply", (site.folder() / "two.json").string()});
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  std::size_t published = 0;
  // The bad one has its two deaths sooner or later; until then each event reaches the good one.
  EXPECT_TRUE(eventually([&] {
    const auto reply = demo::HttpClient(daemon.port())
                           .post("/api/v1/events", producer, "application/json", event(static_cast<int>(published)));
    EXPECT_EQ(reply.status, 202) << reply.body;
    ++published;
    EXPECT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted >= published; }));
    return daemon.log().find("plugin.quarantined") != std::string::npos;
  })) << daemon.log();
  EXPECT_EQ(site.receiver().statistics().path("/healthy/bad").requests, 0u) << "nothing goes out unsigned";
  EXPECT_NE(daemon.log().find("plugin.process_died"), std::string::npos);
  EXPECT_EQ(daemon.stop().code, 0) << daemon.errors();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // then no process is confined
INSTANTIATE_TEST_SUITE_P(Moods, ProviderDeaths, ::testing::Values("crash", "hang"));
#else
INSTANTIATE_TEST_SUITE_P(Moods, ProviderDeaths, ::testing::Values("crash", "hang", "write-a-file"));
#endif

}  // namespace
}  // namespace opi::system_test
