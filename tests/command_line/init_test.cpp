#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "command_line/operator.hpp"

// A first configuration, from nothing to an examined node.
namespace opi::command_line_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Init : public OnBothStores {
 protected:
  // integrationsctl init as on a fresh machine, but for the places of plugins and state. `end` follows on the line.
  Result init(const std::string& words, const std::string& end = " < /dev/null") {
    return user.shell(surroundings() + program() + " init --output '" + file.string() + "' " + words + end);
  }
  // The same at a terminal, where `typed` is typed.
  Result init_at_terminal(const std::string& typed) {
    return user.shell(surroundings() + "printf '" + typed + "' | script -qec \"" + program() + " init --output '" +
                      file.string() + "'\" /dev/null");
  }
  [[nodiscard]] std::string engine() const {
    return on_postgres() ? "--engine postgres --connection-file '" + (site.folder() / "connection").string() +
                               "' --audit-key '" + (site.folder() / "audit.pem").string() + "'"
                         : "--engine sqlite";
  }
  [[nodiscard]] bool on_postgres() const { return std::string(GetParam()) == "PostgreSQL"; }
  std::string content() {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  const fs::path file = site.folder() / "first.conf";

 private:
  static std::string program() { return (fs::path(OPI_PROGRAMS) / "integrationsctl").string(); }
  std::string surroundings() {
    const fs::path state = site.write_configuration("first").parent_path();
    return "export OPI_PLUGINS_DIRECTORY='" OPI_SHIPPED_PLUGINS "' OPI_GENERAL_STATE_DIRECTORY='" + state.string() +
           "'; ";
  }
};

TEST_P(Init, WritesAProductionNodeThatDoctorFindsSound) {
  const fs::path secrets = site.folder() / "mounted";
  fs::create_directories(secrets);
  const auto done = init("--yes " + engine() + " --files-root '" + secrets.string() + "' --api-address 127.0.0.2");
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_THAT(done.out, AllOf(StartsWith("wrote " + file.string()), HasSubstr("0 errors"), HasSubstr("file://"),
                              HasSubstr("systemctl start integrationsd")));
  EXPECT_THAT(content(), AllOf(HasSubstr("environment=production\n"), HasSubstr("address=127.0.0.2\n"),
                               HasSubstr("[secret_provider.files]\nroot=" + secrets.string() + "\n"),
                               Not(HasSubstr("kubernetes"))));
  EXPECT_EQ(fs::exists(site.folder() / "audit.pem"), on_postgres());
  EXPECT_FALSE(fs::exists(file.string() + ".new"));
}

TEST_P(Init, LeavesAFileAloneThatSomebodyWrote) {
  std::ofstream(file) << "[api]\nport=1\n";
  const auto refused = init("--yes " + engine());
  EXPECT_EQ(refused.code, 73);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("--force"), HasSubstr(file.string())));
  EXPECT_EQ(content(), "[api]\nport=1\n");
  EXPECT_EQ(init("--force --yes " + engine()).code, 0);
  EXPECT_THAT(content(), HasSubstr("environment=production"));
}

TEST_P(Init, ReplacesTheFileThatThePackageCameWith) {
  user.shell(std::string(OPI_PROGRAMS) +
             "/integrationsd --set plugins.directory='" OPI_SHIPPED_PLUGINS "' --print-config > '" + file.string() +
             "'");
  EXPECT_EQ(init("--yes " + engine()).code, 0);
  EXPECT_THAT(content(), StartsWith("# Written by integrationsctl init."));
}

TEST_P(Init, WritesNothingThatWouldNotBeValid) {
  const auto unknown = init("--yes --engine oracle");
  EXPECT_EQ(unknown.code, 78);
  EXPECT_THAT(unknown.err,
              AllOf(StartsWith("integrationsctl: store.engine must be"), HasSubstr("nothing was written")));
  EXPECT_EQ(init("--yes --engine postgres --connection-file /nowhere").code, 78);
  const auto mixed = init("--yes --engine sqlite --audit-key /tmp/key");
  EXPECT_EQ(mixed.code, 64);
  EXPECT_THAT(mixed.err, HasSubstr("--audit-key goes with --engine postgres"));
  EXPECT_FALSE(fs::exists(file));
  EXPECT_FALSE(fs::exists(file.string() + ".new"));
}

TEST_P(Init, AsksAtATerminal) {
  if (on_postgres()) GTEST_SKIP() << "the same questions, and two more";
  const auto done = init_at_terminal("\\n\\n\\n127.0.0.3\\n");
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_THAT(done.out,
              AllOf(HasSubstr("[sqlite]: "), Not(HasSubstr("PostgreSQL's connection")), HasSubstr("0 errors")));
  EXPECT_THAT(content(), HasSubstr("address=127.0.0.3\n"));
}

TEST_P(Init, AnAnswerHasALimit) {
  if (on_postgres()) GTEST_SKIP() << "questions are the same";
  // A terminal cuts lines at 4095 bytes itself, so the longest that can be typed is taken.
  const auto done = init_at_terminal("\\n\\n\\n" + std::string(4000, '1') + "\\n");
  EXPECT_EQ(done.code, 78) << done.out << done.err;
  EXPECT_FALSE(fs::exists(file));
}

INSTANTIATE_TEST_SUITE_P(Stores, Init, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace opi::command_line_test
