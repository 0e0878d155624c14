#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "system/site.hpp"

// Plugins that come, change and go while the daemon runs.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;

class DropIn : public testing::Test {
 protected:
  DropIn() {
    fs::create_directory(directory_);
    fs::permissions(directory_, fs::perms::owner_all);
    drop("secrets_local.so");
    site_.set("plugins.directory", directory_.string());
    site_.provision("/healthy", R"(,"signing":"disabled","config":{"signatures":[]})");
    producer_ = site_.token("producer");
    daemon_ = std::make_unique<RunningDaemon>(site_);
  }
  // As a package manager does it: beside the old file, then in its place.
  void drop(const std::string& name) {
    const auto part = directory_ / (name + ".part");
    fs::copy_file(fs::path(OPI_PLUGINS) / name, part);
    fs::permissions(part, fs::perms::owner_all);
    fs::rename(part, directory_ / name);
  }
  std::string reload(int expected_code = 0) { return site_.control({"plugins", "reload"}, expected_code, "daemon"); }
  void publish(int number) {
    const auto reply =
        demo::HttpClient(daemon_->port()).post("/api/v1/events", producer_, "application/json", event(number));
    ASSERT_EQ(reply.status, 202) << reply.body;
  }
  bool received(std::size_t requests) {
    return eventually([&] { return site_.receiver().statistics().path("/healthy").requests >= requests; });
  }

  Site site_{nullptr};
  fs::path directory_ = site_.folder() / "plugins.d";
  std::string producer_;
  std::unique_ptr<RunningDaemon> daemon_;
};

TEST_F(DropIn, AHeldDestinationMovesWhenItsPluginArrivesAndABadOneChangesNothing) {
  publish(1);
  ASSERT_TRUE(eventually([&] { return daemon_->log().find("destination.held") != std::string::npos; }));
  EXPECT_EQ(reload(), "nothing has changed");
  drop("webhook.so");
  EXPECT_EQ(reload().find("loaded oneprotect.webhook"), 0u);
  ASSERT_TRUE(received(1));

  std::ofstream(directory_ / "webhook.so", std::ios::in | std::ios::out).seekp(4096).write("damaged", 7);
  EXPECT_EQ(reload(1).find("refused "), 0u);
  publish(2);
  EXPECT_TRUE(received(2)) << "the plugin that was there goes on";

  fs::remove(directory_ / "webhook.so");
  const auto refused = site_.control({"plugins", "reload", "--json"}, 1, "daemon");
  EXPECT_NE(refused.find("\"cause\":\"adapter_missing\""), std::string::npos) << refused;
  publish(9);
  EXPECT_TRUE(received(3)) << "nothing was reloaded";
  EXPECT_EQ(site_.control({"plugins", "reload", "--check", "--json"}, 1, "daemon"), refused);
  EXPECT_EQ(site_.control({"plugins", "reload", "--force"}, 0, "daemon").find("retired oneprotect.webhook"), 0u);
  publish(3);
  drop("webhook.so");
  reload();
  EXPECT_TRUE(received(4));
  EXPECT_EQ(daemon_->stop().code, 0);
}

TEST_F(DropIn, WithoutADaemonThereIsNobodyToTell) {
  EXPECT_EQ(daemon_->stop().code, 0);
  EXPECT_EQ(site_.control({"plugins", "reload"}, 69, "daemon"), "");
}

}  // namespace
}  // namespace opi::system_test
