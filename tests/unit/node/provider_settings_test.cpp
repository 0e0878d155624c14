#include "node/provider_settings.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

namespace opi::node {
namespace {

using ::testing::ElementsAre;

plugins::Component component_of_files() {
  std::vector<std::string> problems;
  auto manifest = plugins::parse_manifest(R"({"id":"test.files","version":"1.0.0","vendor":"test","abi":"1.0",
    "components":[{"id":"files","kind":"secret_provider","title":"Files",
      "interfaces":["opi.component/1","opi.secret_provider/1"],"reference":"file://{tenant}/{secret}/{key}",
      "needs":{"files":[{"config":"root"}]},
      "config_schema":{"type":"object","additionalProperties":false,"required":["root"],
        "properties":{"root":{"type":"string","minLength":1,"maxLength":24},"ttl":{"type":"integer"}}}}]})",
                                          problems);
  EXPECT_THAT(problems, ElementsAre());
  return std::move(manifest.components.front());
}

std::string json_with(const std::string& root) {
  return json_of({{"root", {root, "test:1"}}, {"ttl", {"5", "test:2"}}}, component_of_files());
}

class CredentialsDirectory : public ::testing::Test {
 protected:
  ~CredentialsDirectory() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }
};

TEST_F(CredentialsDirectory, StandsForWhatSystemdGave) {
  ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
  EXPECT_EQ(json_with("$CREDENTIALS_DIRECTORY"), R"({"root":"/run/credentials/x","ttl":5})");
  EXPECT_THAT(component_of_files().needs.reach(json_with("$CREDENTIALS_DIRECTORY")).files,
              ElementsAre("/run/credentials/x"))
      << "a process of the plugin's own may read it";
  EXPECT_EQ(json_with("$CREDENTIALS_DIRECTORY/x"), R"({"root":"$CREDENTIALS_DIRECTORY/x","ttl":5})")
      << "the whole text or none";
  EXPECT_EQ(json_with("$HOME"), R"({"root":"$HOME","ttl":5})") << "and no other variable";
}

TEST_F(CredentialsDirectory, StaysItselfWhereSystemdGaveNone) {
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(json_with("$CREDENTIALS_DIRECTORY"), R"({"root":"$CREDENTIALS_DIRECTORY","ttl":5})");
}

}  // namespace
}  // namespace opi::node
