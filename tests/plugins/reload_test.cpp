#include <gmock/gmock.h>

#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A plugin directory that changes under a running host.
class Reload : public ::testing::Test {
 protected:
  static std::vector<std::string> versions(const PluginHost::Plugins& plugins) {
    std::vector<std::string> all;
    for (const auto& one : plugins) all.push_back(one->manifest().id + " " + one->manifest().version);
    std::ranges::sort(all);
    return all;
  }
  static Destination destination() {
    Destination one;
    one.adapter = "minor_1";
    one.endpoint = "https://receiver.example/in";
    one.config = "{}";
    one.revision = 1;
    return one;
  }
  PluginLab lab_;
};

TEST_F(Reload, WhatIsUnchangedStaysAsItIs) {
  lab_.add(OPI_TEST_MINOR_1);
  const auto host = lab_.load();
  const auto before = host->loaded();
  const auto change = host->reload_directory();
  EXPECT_THAT(change.loaded, IsEmpty());
  EXPECT_THAT(change.retired, IsEmpty());
  EXPECT_THAT(change.refused, IsEmpty());
  EXPECT_EQ(host->loaded(), before);
}

TEST_F(Reload, ANewFileIsTakenOnAndAHeldDestinationFindsItsAdapter) {
  lab_.add(OPI_TEST_MINOR_0);
  const auto host = lab_.load();
  PluginAdapterRegistry registry(*host, {}, lab_.logger());
  EXPECT_EQ(registry.find(destination()).adapter, nullptr);
  lab_.add(OPI_TEST_MINOR_1);
  EXPECT_THAT(versions(host->reload_directory().loaded), ElementsAre("test.minor_1 1.0.0"));
  EXPECT_NE(registry.find(destination()).adapter, nullptr);
}

TEST_F(Reload, AChangedFileServesFromNowOnWhileTheOldOneEndsItsWork) {
  lab_.add(OPI_TEST_MINOR_1, "minor.so");
  const auto host = lab_.load();
  PluginAdapterRegistry registry(*host, {}, lab_.logger());
  const auto old = registry.find(destination()).adapter;
  std::weak_ptr<Plugin> old_plugin = host->loaded().front();
  lab_.add(OPI_TEST_MINOR_1_NEXT, "minor.so");
  EXPECT_THAT(versions(host->reload_directory().loaded), ElementsAre("test.minor_1 1.1.0"));
  EXPECT_THAT(versions(host->loaded()), ElementsAre("test.minor_1 1.1.0"));
  EXPECT_NE(registry.find(destination()).adapter, old);
  EXPECT_FALSE(old_plugin.expired()) << "its instance is still in use";
  const Event event;
  const DeliveryId delivery;
  const IdempotencyKey key;
  const auto place = destination();
  EXPECT_TRUE(old->render({event, place, delivery, key}, {}).ok);
}

TEST_F(Reload, TheOldGenerationIsLetGoWithItsLastUser) {
  lab_.add(OPI_TEST_MINOR_1, "minor.so");
  const auto host = lab_.load();
  PluginAdapterRegistry registry(*host, {}, lab_.logger());
  auto in_use = registry.find(destination()).adapter;
  std::weak_ptr<Plugin> old_plugin = host->loaded().front();
  lab_.add(OPI_TEST_MINOR_1_NEXT, "minor.so");
  host->reload_directory();
  registry.find(destination());
  ASSERT_FALSE(old_plugin.expired());
  in_use.reset();
  EXPECT_TRUE(old_plugin.expired());
}

TEST_F(Reload, ABadFileLeavesItsPredecessorInService) {
  const auto file = lab_.add(OPI_TEST_MINOR_1, "minor.so");
  const auto host = lab_.load();
  const auto before = host->loaded();
  auto damaged = read_file(file);
  damaged[damaged.size() / 2] ^= 0x55;
  lab_.add_bytes("minor.so", damaged);
  const auto change = host->reload_directory();
  EXPECT_THAT(change.refused, SizeIs(1));
  EXPECT_THAT(verdicts(*host, file), ElementsAre("inspect L202"));
  EXPECT_EQ(host->loaded(), before);

  fs::permissions(file, fs::perms::owner_all | fs::perms::others_write);
  host->reload_directory();
  EXPECT_THAT(verdicts(*host, file), ElementsAre("discover L104")) << "and the former refusal is history";
  EXPECT_EQ(host->loaded(), before);

  lab_.add(OPI_TEST_MINOR_1_NEXT, "minor.so");
  host->reload_directory();
  EXPECT_THAT(host->refused(), IsEmpty());
  EXPECT_THAT(versions(host->loaded()), ElementsAre("test.minor_1 1.1.0"));
}

TEST_F(Reload, APluginWhoseFileIsGoneIsRetired) {
  const auto file = lab_.add(OPI_TEST_MINOR_1);
  const auto host = lab_.load();
  PluginAdapterRegistry registry(*host, {}, lab_.logger());
  EXPECT_NE(registry.find(destination()).adapter, nullptr);
  fs::remove(file);
  EXPECT_THAT(versions(host->reload_directory().retired), ElementsAre("test.minor_1 1.0.0"));
  EXPECT_THAT(host->loaded(), IsEmpty());
  EXPECT_EQ(registry.find(destination()).adapter, nullptr);
}

TEST_F(Reload, ADirectoryThatCannotBeReadRetiresNothing) {
  lab_.add(OPI_TEST_MINOR_1);
  const auto host = lab_.load();
  const auto before = host->loaded();
  fs::rename(lab_.plugins(), lab_.root() / "away");
  const auto change = host->reload_directory();
  EXPECT_THAT(change.retired, IsEmpty());
  EXPECT_THAT(verdicts(*host, lab_.plugins()), ElementsAre("discover L101"));
  EXPECT_EQ(host->loaded(), before);
}

TEST_F(Reload, TwoFilesOfOnePluginAreNotBothTakenOn) {
  lab_.add(OPI_TEST_MINOR_1, "a.so");
  const auto host = lab_.load();
  const auto second = lab_.add(OPI_TEST_MINOR_1_NEXT, "b.so");
  host->reload_directory();
  EXPECT_THAT(verdicts(*host, second), ElementsAre("inspect L208"));
  EXPECT_THAT(versions(host->loaded()), ElementsAre("test.minor_1 1.0.0"));
}

}  // namespace
}  // namespace opi::plugins::testing
