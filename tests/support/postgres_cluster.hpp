#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace opi::test {

// A PostgreSQL 15 server of one test program: its own data directory under the temporary directory, reachable
// only through a unix socket in it, removed with it. Runs as user postgres if the test runs as root. The
// server dies with the thread that made it, whatever happens to the program.
// Throws std::runtime_error with the server's log if it cannot be started.
class PostgresCluster final {
 public:
  struct Options {
    std::filesystem::path programs = "/usr/lib/postgresql/15/bin";
    std::vector<std::string> settings;            // "name=value", after the defaults, which switch fsync off
    const PostgresCluster* standby_of = nullptr;  // follows that one, and takes no writes until it is promoted
  };

  PostgresCluster() : PostgresCluster(Options{}) {}
  explicit PostgresCluster(Options options);
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // A libpq connection string for a new database: a copy of the one that is named, which nobody is connected to, and
  // empty by itself. The name stands last in the string.
  std::string create_database(const std::string& like = "template1");

  void stop();       // fast shutdown: sessions are told, data are written
  void kill_hard();  // SIGKILL to the server and all its processes: a crash
  void start();      // after either of them
  void freeze();     // SIGSTOP to all its processes: connections stand and are made, and nobody answers
  void thaw();       // after that
  void promote();    // a standby, which takes writes when it returns

  [[nodiscard]] const std::filesystem::path& host() const { return folder_; }  // in a connection string
  [[nodiscard]] std::filesystem::path socket() const;  // the unix socket, for a proxy in between

 private:
  void initialise();
  void run(const std::vector<std::string>& command);
  void wait_until_gone();
  std::vector<pid_t> sessions_of_stopped();
  [[nodiscard]] std::string connection(const std::string& database) const;
  [[nodiscard]] std::string log() const;

  Options options_;
  std::filesystem::path folder_;
  pid_t server_ = -1;
  std::vector<pid_t> frozen_;
  int databases_ = 0;
};

}  // namespace opi::test
