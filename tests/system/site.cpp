#include "system/site.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "crypto/digest.hpp"

namespace opi::system_test {
namespace {

namespace fs = std::filesystem;

constexpr const char* destination_id = "0192f000-0000-7000-8000-000000000001";

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
  chmod(file.c_str(), 0600);
}

std::string read(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

std::string Site::signing_secret() { return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"; }

Site::Site(test::PostgresCluster* cluster)
    : receiver_(
          receiver::ReceiverOptions{.secrets = {signing_secret()}, .slow_delay = std::chrono::milliseconds{1'500}}) {
  write(folder() / "secrets/acme/signing/main/1", signing_secret());
  settings_ = {{"general.environment", "test"},
               {"plugins.directory", OPI_PLUGINS},
               {"secret_provider.local.directory", (folder() / "secrets").string()},
               {"egress.allow", "127.0.0.0/8"},
               {"api.port", "0"},
               {"status.port", "0"},
               {"api.requests_per_second", "1000000"},  // tests poll in haste
               {"api.request_burst", "1000000"},
               {"dispatch.lease_grace_ms", "2000"},
               {"dispatch.rescue_interval_ms", "200"},
               {"breaker.failure_threshold", "0"}};
  if (cluster != nullptr) {
    write(folder() / "connection", cluster->create_database());
    settings_["store.engine"] = "postgres";
    settings_["store.postgres_connection_file"] = (folder() / "connection").string();
  } else {
    settings_["store.sqlite_path"] = (folder() / "store.sqlite").string();
  }
}

const Programs& these_programs() {
  static const Programs programs{OPI_PROGRAMS, {}, {}};
  return programs;
}

fs::path Site::write_configuration(const std::string& daemon, const Programs& programs) {
  const fs::path state = folder() / daemon;
  fs::create_directories(state);
  chmod(state.c_str(), 0700);
  auto settings = settings_;
  settings["general.state_directory"] = state.string();
  if (!programs.plugins.empty()) settings["plugins.directory"] = programs.plugins.string();
  settings["log.file"] = (state / "log").string();
  for (const auto& [here, there] : programs.keys)
    if (auto known = settings.extract(here)) {
      known.key() = there;
      settings.insert(std::move(known));
    }
  std::string text, section;
  for (const auto& [key, value] : settings) {
    const auto dot = key.rfind('.');
    if (key.substr(0, dot) != section) text += "[" + (section = key.substr(0, dot)) + "]\n";
    text += key.substr(dot + 1) + "=" + value + "\n";
  }
  write(state / "conf", text);
  return state / "conf";
}

void Site::write_secret(const std::string& path, const std::string& value) {
  const auto file = folder() / "secrets/acme" / path;
  write(file.string() + ".new", value);
  fs::rename(file.string() + ".new", file);  // as whoever rotates a secret does
}

void Site::run_in_daemon(const fs::path& plugin) {
  set("plugins.in_process", crypto::to_hex(crypto::sha256(read(plugin))));
}

void Site::provision(const std::string& receiver_path, const std::string& members, const std::string& adapter) {
  write(
      folder() / "provision.json",
      R"({"tenants":[{"tenant_id":"acme","name":"Acme","policy":{"max_attempts":20,"timeout_ms":500,"backoff_initial_ms":50,"backoff_cap_ms":200},)"
      R"("destinations":[{"destination_id":")" +
          std::string(destination_id) + R"(","name":"receiver","adapter":")" + adapter +
          R"(","event_types":["*"],"max_in_flight":64,"endpoint":")" + receiver_.url(receiver_path) +
          R"(","credentials":[{"purpose":"signing","reference":"local://acme/signing/main/1"}])" + members + "}]}]}");
  control({"apply", (folder() / "provision.json").string()});
}

std::string Site::control(const std::vector<std::string>& arguments, int expected_code, const std::string& beside) {
  std::vector<std::string> all{"--config", write_configuration(beside, *control_).string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const fs::path log = folder() / "control.log";
  demo::ChildProcess process({control_->folder / "integrationsctl", all, log});
  const auto output = process.read_all(std::chrono::seconds{30});
  const auto ended = process.wait(std::chrono::seconds{10});
  if (!output || !ended || ended->code != expected_code || ended->signal != 0)
    throw std::runtime_error("integrationsctl " + arguments[0] + " ended badly: " + read(log));
  return output->substr(0, output->find('\n'));
}

std::string Site::token(const std::string& role) {
  return control({"token", "issue", "--tenant", "acme", "--role", role});
}

RunningDaemon::RunningDaemon(Site& site, const std::string& name, const Programs& programs)
    : log_(site.folder() / name / "log") {
  const auto configuration = site.write_configuration(name, programs);
  log_start_ = fs::exists(log_) ? fs::file_size(log_) : 0;
  process_ = std::make_unique<demo::ChildProcess>(demo::Command{
      programs.folder / "integrationsd", {"--config", configuration.string()}, site.folder() / name / "errors"});
  const bool started = eventually([&] {
    if (process_->wait(std::chrono::milliseconds{0}))
      throw std::runtime_error("integrationsd ended: " + errors() + log());
    const std::string text = log();
    const auto line = text.find("\"daemon.started\"");
    if (line == std::string::npos || text.find('\n', line) == std::string::npos) return false;
    const auto number = [&](const std::string& key) {
      const auto at = text.find("\"" + key + "\":", line);
      return static_cast<std::uint16_t>(std::stoi(text.substr(at + key.size() + 3)));
    };
    port_ = number("api_port");
    status_port_ = number("status_port");
    return true;
  });
  if (!started) throw std::runtime_error("integrationsd does not start: " + log());
}

void RunningDaemon::kill_hard() {
  ::kill(process_->pid(), SIGKILL);
  process_->wait(std::chrono::seconds{10});
}

void RunningDaemon::reload() { ::kill(process_->pid(), SIGHUP); }

demo::ExitStatus RunningDaemon::stop() {
  process_->terminate();
  return process_->wait(std::chrono::seconds{60}).value_or(demo::ExitStatus{-1, 0});
}

// Only what this run has written.
std::string RunningDaemon::errors() const { return read(log_.parent_path() / "errors"); }

std::string RunningDaemon::log() const {
  const std::string text = read(log_);
  return text.size() > log_start_ ? text.substr(log_start_) : std::string{};
}

double RunningDaemon::metric(const std::string& name) const {
  std::istringstream lines(demo::HttpClient(status_port_).get("/metrics").body);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
  return 0;
}

std::string event(int number) {
  return R"({"event_id":"evt-)" + std::to_string(number) +
         R"(","event_type":"alert.created","schema_version":"1.0","tenant_id":"acme","source":"test",)"
         R"("timestamp":"2026-01-01T00:00:00Z","correlation_id":"c-)" +
         std::to_string(number) + R"(","payload":{"alert_id":"A-)" + std::to_string(number) + "\"}}";
}

bool eventually(const std::function<bool()>& holds, std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

std::vector<ShownDelivery> all_deliveries(std::uint16_t port, const std::string& auditor_token) {
  std::vector<ShownDelivery> all;
  std::string cursor;
  do {
    const auto reply = demo::HttpClient(port).get(
        "/api/v1/deliveries?limit=200" + (cursor.empty() ? "" : "&cursor=" + cursor), auditor_token);
    if (reply.status != 200) throw std::runtime_error("deliveries: " + reply.body);
    const auto page = boost::json::parse(reply.body);
    for (const auto& row : page.at("deliveries").as_array())
      all.push_back({row.at("delivery_id").as_string().c_str(), row.at("state").as_string().c_str(),
                     row.at("attempts").to_number<int>()});
    cursor = page.at("next_cursor").is_null() ? "" : page.at("next_cursor").as_string().c_str();
  } while (!cursor.empty());
  return all;
}

}  // namespace opi::system_test
