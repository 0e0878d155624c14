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

}  // namespace
}  // namespace opi::system_test
