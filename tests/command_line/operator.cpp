#include "command_line/operator.hpp"

#include <boost/json/parse.hpp>
#include <fstream>

namespace opi::command_line_test {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<test::PostgresCluster> cluster;

test::PostgresCluster* cluster_of(const char* engine) {
  if (std::string_view(engine) == "SQLite") return nullptr;
  if (!cluster) cluster = std::make_unique<test::PostgresCluster>();
  return cluster.get();
}

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string content_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

OnBothStores::OnBothStores() : site(cluster_of(GetParam())) {}
void OnBothStores::TearDownTestSuite() { cluster.reset(); }

boost::json::value Result::json() const { return boost::json::parse(out); }
boost::json::value Result::problem() const { return boost::json::parse(err); }

std::string text(const boost::json::value& value, const char* member) {
  return std::string(value.at(member).as_string().c_str());
}

Result Operator::shell(const std::string& command) {
  const auto program = (fs::path(OPI_PROGRAMS) / "integrationsctl").string();
  const auto configuration = site_.write_configuration("control").string();
  const fs::path errors = site_.folder() / "errors";
  fs::remove(errors);
  demo::ChildProcess process(
      {"/bin/sh", {"-c", "CTL='" + program + " --config " + configuration + "'\n" + command}, errors});
  Result result;
  const auto output = process.read_all(std::chrono::seconds{60});
  const auto ended = process.wait(std::chrono::seconds{10});
  result.out = output.value_or("(it does not end)");
  if (ended && ended->signal == 0) result.code = ended->code;
  result.err = content_of(errors);
  return result;
}

Result Operator::run(const std::vector<std::string>& arguments, const std::string& standard_input) {
  std::string command = "$CTL";
  for (const auto& argument : arguments) command += " " + quoted(argument);
  if (standard_input.empty()) return shell(command + " < /dev/null");
  const fs::path file = site_.folder() / "input";
  std::ofstream(file) << standard_input;
  return shell(command + " < " + quoted(file.string()));
}

boost::json::value Operator::json(std::vector<std::string> arguments, const std::string& standard_input) {
  arguments.emplace_back("--json");
  const auto result = run(arguments, standard_input);
  EXPECT_EQ(result.code, 0) << arguments[0] << " " << result.err << result.out;
  boost::json::error_code fault;
  auto value = boost::json::parse(result.out, fault);
  EXPECT_FALSE(fault) << result.out;
  return value;
}

}  // namespace opi::command_line_test
