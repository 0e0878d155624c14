#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

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
    return user.shell(command(words + end));
  }
  std::string command(const std::string& words) {
    return surroundings() + program() + " init --output '" + file.string() + "' " + words;
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

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

// Whatever the umask of who ran it; what is secret stays closed.
TEST_P(Init, WritesWhatTheDaemonCanRead) {
  const fs::path key = site.folder() / "keys/audit/audit.pem";
  const auto where = on_postgres() ? "--engine postgres --connection-file '" + (site.folder() / "connection").string() +
                                         "' --audit-key '" + key.string() + "'"
                                   : engine();
  const auto done = user.shell("umask 077; " + command("--yes " + where + " < /dev/null"));
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_EQ(mode_of(file), 0644u);
  if (!on_postgres()) return;
  EXPECT_EQ(mode_of(key.parent_path()), 0755u);
  EXPECT_EQ(mode_of(key.parent_path().parent_path()), 0755u);
  EXPECT_EQ(mode_of(key), 0600u);
}

TEST_P(Init, NamesNextStepsThatWork) {
  const auto done = init("--yes " + engine());
  ASSERT_EQ(done.code, 0) << done.out << done.err;
  std::istringstream lines(done.out);
  int steps = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  integrationsctl ")) continue;
    ++steps;
    EXPECT_THAT(line, Not(HasSubstr("--help"))) << "a step is done, not read about";
    const auto step = user.shell(surroundings() + "integrationsctl() { '" + program() + "' --config '" + file.string() +
                                 "' \"$@\"; }; " + line + " < /dev/null");
    EXPECT_EQ(step.code, 0) << line << "\n" << step.err;
  }
  EXPECT_EQ(steps, 2) << done.out;
}

TEST_P(Init, WritesNothingThatAProviderWouldRefuse) {
  const auto refused = init("--yes " + engine() + " --files-root /tmp --files-layout no-key-in-it");
  EXPECT_EQ(refused.code, 78) << refused.out << refused.err;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("layout"), HasSubstr("nothing was written")));
  EXPECT_FALSE(fs::exists(file));
  EXPECT_FALSE(fs::exists(site.folder() / "audit.pem"));
}

// A provider that serves and can reach nothing.
TEST_P(Init, WarnsOfSecretsThatAreNotThere) {
  const fs::path nowhere = site.folder() / "not-mounted";
  const auto files = init("--yes " + engine() + " --files-root '" + nowhere.string() + "'");
  EXPECT_EQ(files.code, 0) << files.out << files.err;
  EXPECT_THAT(files.out, AllOf(testing::ContainsRegex("warning +secrets .*no secret can be read now"),
                               HasSubstr("do: see docs/secret-stores.md")));
  const auto cluster = init("--force --yes " + engine() + " --kubernetes in_cluster");
  EXPECT_THAT(cluster.out, testing::ContainsRegex("warning +secrets .*the API server cannot be asked now"));
  const auto none = init("--force --yes " + engine());
  EXPECT_THAT(none.out, HasSubstr("do: configure one: [secret_provider.files] root="));
}

// Without a package nobody has made the state directory: it is the daemon's, or it is said that it is not.
TEST_P(Init, MakesTheStateDirectoryForTheDaemonsUser) {
  if (getuid() != 0) GTEST_SKIP() << "only root makes what is another's";
  const fs::path state = site.folder() / "made/state";
  const auto done = user.shell(surroundings() + "export OPI_GENERAL_STATE_DIRECTORY='" + state.string() + "'; " +
                               program() + " init --output '" + file.string() + "' --yes " + engine() + " < /dev/null");
  if (const auto* known = ::getpwnam("integrationsd"); known != nullptr) {
    struct stat status {};
    ASSERT_EQ(::stat(state.c_str(), &status), 0) << done.out << done.err;
    EXPECT_EQ(status.st_uid, known->pw_uid);
    EXPECT_EQ(mode_of(state), 0700u);
  } else {
    EXPECT_THAT(done.out, testing::ContainsRegex("warning +state .*there is no user integrationsd")) << done.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Init, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace opi::command_line_test
