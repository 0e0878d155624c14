#include "ctl/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "support/temporary_folder.hpp"

// Completed by a real bash, as if the words stood at its prompt and the cursor behind the last of them.
namespace opi::ctl {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class Completion : public testing::Test {
 protected:
  Completion() { std::ofstream(folder_.path() / "script") << bash_completion(); }

  std::vector<std::string> complete(const std::string& words) {
    const std::string command = "cd '" + folder_.path().string() +
                                "' && bash --norc -c 'set -eu; . ./script; COMP_WORDS=(" + words +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _integrationsctl; " +
                                "for word in ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}; do echo \"$word\"; done' 2>&1";
    const std::unique_ptr<FILE, int (*)(FILE*)> bash(::popen(command.c_str(), "r"), ::pclose);
    std::vector<std::string> lines;
    std::array<char, 512> line;
    while (std::fgets(line.data(), line.size(), bash.get()) != nullptr) {
      lines.emplace_back(line.data());
      lines.back().pop_back();
    }
    return lines;
  }

  test::TemporaryFolder folder_;
};

TEST_F(Completion, OfNouns) {
  EXPECT_THAT(complete("integrationsctl ten"), ElementsAre("tenants"));
  EXPECT_THAT(complete("integrationsctl \"\""), Contains("dead-letters"));
}

TEST_F(Completion, OfVerbs) {
  EXPECT_THAT(complete("integrationsctl tenants \"\""), ElementsAre("list", "show", "create", "rename"));
  EXPECT_THAT(complete("integrationsctl -c /conf tenants re"), ElementsAre("rename"));
}

TEST_F(Completion, OfOptionsOfTheCommandAndOfAll) {
  EXPECT_THAT(complete("integrationsctl destinations disable --re"), ElementsAre("--reason"));
  const auto options = complete("integrationsctl destinations disable --");
  EXPECT_THAT(options, Contains("--json"));
  EXPECT_THAT(options, Not(Contains("--overlap-ms")));
  EXPECT_THAT(complete("integrationsctl doctor --js"), ElementsAre("--json"));
  EXPECT_THAT(complete("integrationsctl --conf"), ElementsAre("--config"));
}

TEST_F(Completion, OfChoices) {
  EXPECT_THAT(complete("integrationsctl tokens issue --tenant acme --role a"), ElementsAre("auditor"));
  EXPECT_THAT(complete("integrationsctl deliveries list --held \"\""), ElementsAre("true", "false"));
}

TEST_F(Completion, OfFiles) {
  std::ofstream(folder_.path() / "document.json") << "{}";
  EXPECT_THAT(complete("integrationsctl apply doc"), ElementsAre("document.json"));
  EXPECT_THAT(complete("integrationsctl audit verify --file doc"), ElementsAre("document.json"));
  EXPECT_THAT(complete("integrationsctl --config doc"), ElementsAre("document.json"));
}

TEST_F(Completion, OfNothingWhereOnlyAPersonKnows) {
  EXPECT_THAT(complete("integrationsctl status --tenant \"\""), IsEmpty());
  EXPECT_THAT(complete("integrationsctl deliveries show doc"), IsEmpty());
}

}  // namespace
}  // namespace opi::ctl
