#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "demo/child_process.hpp"
#include "demo/http_client.hpp"
#include "receiver/receiver.hpp"
#include "support/postgres_cluster.hpp"
#include "support/temporary_folder.hpp"

namespace opi::system_test {

// Which build's.
struct Programs {
  std::filesystem::path folder, plugins;
  std::map<std::string, std::string> keys;  // of the configuration that are called otherwise there: by this build's
};
const Programs& these_programs();

// A daemon's surroundings: configuration, secret, receiver and database, all of its own. One tenant, "acme".
class Site {
 public:
  // `cluster` null: SQLite.
  explicit Site(test::PostgresCluster* cluster);

  // Settings over the site's own, "section.name" -> value; before the daemon is started.
  void set(const std::string& key, const std::string& value) { settings_[key] = value; }
  void unset(const std::string& key) { settings_.erase(key); }
  // Writes the value of a reference local://acme/<path>.
  void write_secret(const std::string& path, const std::string& value);
  // Has this plugin run in the daemon, whatever it is.
  void run_in_daemon(const std::filesystem::path& plugin);
  // Provisions the tenant with one destination, `members` being further members of its JSON object.
  void provision(const std::string& receiver_path, const std::string& members = "",
                 const std::string& adapter = "webhook");
  // From now on integrationsctl is this build's.
  void administer_with(const Programs& programs) { control_ = &programs; }
  // The first line of what integrationsctl prints; `beside` is the daemon whose configuration it gets.
  std::string control(const std::vector<std::string>& arguments, int expected_code = 0,
                      const std::string& beside = "control");
  [[nodiscard]] std::string token(const std::string& role);
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  receiver::Receiver& receiver() { return receiver_; }
  // Writes the configuration of a daemon with a state folder of its own; returns the file.
  std::filesystem::path write_configuration(const std::string& daemon, const Programs& programs = these_programs());
  [[nodiscard]] static std::string signing_secret();

 private:
  test::TemporaryFolder folder_;
  receiver::Receiver receiver_;
  std::map<std::string, std::string> settings_;
  const Programs* control_ = &these_programs();
};

// One run of integrationsd.
class RunningDaemon {
 public:
  RunningDaemon(Site& site, const std::string& name = "daemon", const Programs& programs = these_programs());
  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint16_t status_port() const { return status_port_; }
  // How it ended by itself; nullopt if it still runs after a minute.
  std::optional<demo::ExitStatus> wait_for_end() { return process_->wait(std::chrono::seconds{60}); }
  void kill_hard();         // SIGKILL, and waits for the end
  void reload();            // SIGHUP
  demo::ExitStatus stop();  // SIGTERM, and waits for the end
  [[nodiscard]] std::string log() const;
  [[nodiscard]] std::string errors() const;  // what it wrote to standard error: a sanitizer's report
  [[nodiscard]] double metric(const std::string& name) const;

 private:
  std::filesystem::path log_;
  std::size_t log_start_ = 0;
  std::unique_ptr<demo::ChildProcess> process_;
  std::uint16_t port_ = 0, status_port_ = 0;
};

// An envelope of tenant acme.
std::string event(int number);

// Waits until it holds; false after the deadline.
bool eventually(const std::function<bool()>& holds, std::chrono::seconds deadline = std::chrono::seconds{60});

// Every delivery of the tenant by state, through the API's pages.
struct ShownDelivery {
  std::string id, state;
  int attempts = 0;
};
std::vector<ShownDelivery> all_deliveries(std::uint16_t port, const std::string& auditor_token);

}  // namespace opi::system_test
