#pragma once
#include <atomic>
#include <filesystem>
#include <list>
#include <string>
#include <thread>

#include "support/temporary_folder.hpp"

namespace opi::test {

// Stands between libpq and a PostgreSQL server, each on a unix socket, and breaks the connection at a chosen
// moment. Faults are armed for all connections and stay until they are changed.
class CuttingProxy final {
 public:
  enum class Fault {
    none,
    cut_before_commit,  // the COMMIT is not passed on
    cut_after_commit,   // the COMMIT is passed on, its answer is not
    stall,              // nothing is passed on in either direction, nothing is closed
    stall_at_commit,
  };

  explicit CuttingProxy(std::filesystem::path server_socket);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  void arm(Fault fault) { fault_ = fault; }
  // The host of a connection string that leads here.
  [[nodiscard]] std::string host() const { return folder_.path().string(); }

 private:
  void accept_loop();
  void serve(int client);
  [[nodiscard]] bool forward(int from, int to, bool from_client, bool& commit_seen);

  TemporaryFolder folder_;
  const std::filesystem::path server_socket_;
  std::atomic<Fault> fault_{Fault::none};
  int listener_ = -1, stop_event_ = -1;
  std::list<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace opi::test
