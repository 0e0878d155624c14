#include "ctl/config_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace opi::ctl {
namespace {

TEST(ConfigFile, IsTheOneNamedElseTheVariablesElseTheServicesIfItIsThere) {
  const test::TemporaryFolder folder;
  const auto usual = (folder.path() / "integrationsd.conf").string();
  EXPECT_EQ(config_file_of("", {}, usual), "") << "the defaults hold";
  std::ofstream(usual) << "[api]\n";
  EXPECT_EQ(config_file_of("", {}, usual), usual);
  EXPECT_EQ(config_file_of("", {{"INTEGRATIONSCTL_CONFIG", ""}}, usual), usual);
  EXPECT_EQ(config_file_of("", {{"INTEGRATIONSCTL_CONFIG", "/b"}}, usual), "/b");
  EXPECT_EQ(config_file_of("/a", {{"INTEGRATIONSCTL_CONFIG", "/b"}}, usual), "/a");
}

}  // namespace
}  // namespace opi::ctl
