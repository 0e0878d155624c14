#pragma once
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>

#include "support/temporary_folder.hpp"

namespace opi::test {

// Two servers that Patroni and etcd look after, on loopback. Ends with the thread that made it.
class PatroniCluster final {
 public:
  explicit PatroniCluster(bool synchronous);
  ~PatroniCluster();
  PatroniCluster(const PatroniCluster&) = delete;
  PatroniCluster& operator=(const PatroniCluster&) = delete;

  // Whether the machine has what it takes.
  static bool installed();

  // A connection string that names both servers.
  [[nodiscard]] std::string connection() const;

  // The node that leads, and whether the other one could: 0, 1; -1 while there is none.
  [[nodiscard]] int leader() const;
  [[nodiscard]] bool is_replica(int node) const;

  // Has the other one lead, as an operator would.
  void switch_over();
  // SIGKILL to Patroni and the server of one.
  void kill_node(int node);

 private:
  struct Node {
    std::uint16_t port = 0, rest = 0;
    pid_t patroni = -1;
  };
  void start(int node);
  [[nodiscard]] bool is(int node, const char* role) const;

  TemporaryFolder folder_;
  const bool synchronous_;
  std::uint16_t etcd_port_, peer_port_;
  pid_t etcd_ = -1;
  std::array<Node, 2> nodes_;
};

}  // namespace opi::test
