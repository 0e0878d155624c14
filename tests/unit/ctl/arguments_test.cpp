#include "ctl/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ctl/failure.hpp"
#include "ctl/help.hpp"

namespace opi::ctl {
namespace {

using testing::HasSubstr;

std::string fault_of(const std::vector<std::string>& words) {
  try {
    parse(words);
  } catch (const Failure& failed) {
    EXPECT_EQ(failed.code(), exit_usage);
    return failed.what();
  }
  return "";
}

TEST(CommandLine, TakesOptionsBeforeAndBehindTheName) {
  const auto line = parse({"--config", "/c", "--set", "a.b=1", "deliveries", "list", "--tenant", "acme", "--json",
                           "--set", "c.d=2", "--limit", "5"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.command->name, "deliveries list");
  EXPECT_EQ(line.config_file, "/c");
  EXPECT_THAT(line.settings, testing::ElementsAre("a.b=1", "c.d=2"));
  EXPECT_TRUE(line.json);
  EXPECT_EQ(line.arguments.tenant().str(), "acme");
  EXPECT_EQ(line.arguments.query(), (std::map<std::string, std::string>{{"limit", "5"}}));
}

TEST(CommandLine, TakesEqualsSignsAndShortOptions) {
  const auto line = parse({"-c", "/c", "health", "--tenant=acme", "-s", "a.b=1"});
  EXPECT_EQ(line.config_file, "/c");
  EXPECT_EQ(line.arguments.get("tenant"), "acme");
  EXPECT_EQ(line.settings.size(), 1u);
}

TEST(CommandLine, TakesADashForStandardInput) {
  const auto put = parse({"credentials", "put", "ID", "signing", "--tenant", "acme", "--reference", "-"});
  EXPECT_EQ(put.arguments.get("reference"), "-");
  EXPECT_EQ(put.arguments.get("PURPOSE"), "signing");
  EXPECT_EQ(parse({"apply", "-", "--check"}).arguments.get("FILE"), "-");
}

TEST(CommandLine, TakesTheOldNameOfACommand) {
  EXPECT_EQ(parse({"token", "issue", "--role", "system_admin"}).command, find_command("tokens issue"));
}

TEST(CommandLine, NamesWhatIsWrong) {
  EXPECT_THAT(fault_of({}), HasSubstr("no command"));
  EXPECT_THAT(fault_of({"nonsense"}), HasSubstr("'nonsense'"));
  EXPECT_THAT(fault_of({"tenants"}), HasSubstr("tenants rename"));
  EXPECT_THAT(fault_of({"tenants", "destroy"}), HasSubstr("'tenants destroy'; there are tenants list"));
  EXPECT_THAT(fault_of({"status"}), HasSubstr("--tenant is missing"));
  EXPECT_THAT(fault_of({"status", "--tenant"}), HasSubstr("--tenant"));
  EXPECT_THAT(fault_of({"status", "--tenant", "a", "--tenant", "b"}), HasSubstr("given twice"));
  EXPECT_THAT(fault_of({"status", "--tenant", "a", "--nonsense"}), HasSubstr("--nonsense of status"));
  EXPECT_THAT(fault_of({"status", "--ten", "a"}), HasSubstr("--ten"));
  EXPECT_THAT(fault_of({"status", "--tenant", "a", "more"}), HasSubstr("'more'"));
  EXPECT_THAT(fault_of({"tenants", "show"}), HasSubstr("TENANT is missing"));
  EXPECT_THAT(fault_of({"tokens", "issue", "--role", "king"}), HasSubstr("--role must be one of producer"));
}

TEST(CommandLine, HelpNeedsNothingElse) {
  EXPECT_TRUE(parse({"destinations", "disable", "--help"}).help);
  EXPECT_TRUE(parse({"destinations", "-h"}).help);
  EXPECT_TRUE(parse({"--version"}).version);
}

TEST(CommandLine, NothingHasNoHelp) {
  EXPECT_THAT(fault_of({"nonsense", "--help"}), HasSubstr("'nonsense'"));
  EXPECT_THAT(fault_of({"tokens", "create", "--help"}), HasSubstr("'tokens create'; there are tokens"));
}

TEST(CommandLine, NumbersHaveLimits) {
  const auto line = parse({"tokens", "issue", "--role", "auditor", "--expires-in-days", "3651"});
  EXPECT_THROW((void)line.arguments.number("expires-in-days", 0, 3650), Failure);
  EXPECT_EQ(line.arguments.number("expires-in-days", 0, 3651), 3651);
  EXPECT_EQ(line.arguments.number("label", 0, 1), std::nullopt);
  const auto text = parse({"tokens", "issue", "--role", "auditor", "--expires-in-days", "1x"});
  EXPECT_THROW((void)text.arguments.number("expires-in-days", 0, 3650), Failure);
}

// What help, completion and manual rest on.
TEST(CommandTable, EveryRowIsCompleteAndItsNamesAreItsOwn) {
  std::set<std::string_view> names;
  for (const auto& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.summary.empty() || command.summary.ends_with('.')) << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
    std::set<std::string_view> options;
    for (const auto& option : global_options()) options.insert(option.name);
    for (const auto& option : command.options) {
      EXPECT_TRUE(options.insert(option.name).second) << command.name << " --" << option.name;
      EXPECT_FALSE(option.description.empty()) << command.name << " --" << option.name;
      EXPECT_FALSE(option.required && option.value.empty()) << command.name << " --" << option.name;
    }
    for (const auto& positional : command.positionals) EXPECT_FALSE(positional.description.empty()) << command.name;
    EXPECT_THAT(help(command), HasSubstr(std::string(command.summary)));
    EXPECT_THAT(usage(), HasSubstr(std::string(command.name)));
  }
}

TEST(ExitCodes, EachAnswerOfTheApiHasOne) {
  EXPECT_EQ(exit_code_of(400), exit_usage);
  EXPECT_EQ(exit_code_of(404), exit_missing);
  EXPECT_EQ(exit_code_of(409), exit_conflict);
  EXPECT_EQ(exit_code_of(412), exit_conflict);
  EXPECT_EQ(exit_code_of(422), exit_data);
  EXPECT_EQ(exit_code_of(403), exit_permission);
  EXPECT_EQ(exit_code_of(503), exit_unavailable);
  EXPECT_EQ(exit_code_of(500), exit_internal);
}

}  // namespace
}  // namespace opi::ctl
