#pragma once
#include <sys/types.h>

#include <string>

#include "support/temporary_folder.hpp"

namespace opi::test {

// A PgBouncer of one test in front of a server, both on unix sockets. Runs as user postgres if the test runs as root,
// and ends with the thread that made it. Throws std::runtime_error if it does not start.
class PgBouncer final {
 public:
  // `settings` are lines of its [pgbouncer] section.
  PgBouncer(std::string server_host, const std::string& pool_mode, std::string settings = "");
  ~PgBouncer();
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;

  // Whether the machine has it.
  static bool installed();

  // Has it read another mode, while clients are connected.
  void reload(const std::string& pool_mode);

  // The connection string, which names the server, for the same database by way of the pooler.
  [[nodiscard]] std::string through(const std::string& direct) const;

 private:
  void configure(const std::string& pool_mode);

  TemporaryFolder folder_;
  const std::string server_host_, settings_;
  pid_t process_ = -1;
};

}  // namespace opi::test
