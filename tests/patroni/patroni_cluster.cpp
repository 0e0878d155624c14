#include "patroni/patroni_cluster.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "demo/http_client.hpp"
#include "support/server_process.hpp"

namespace opi::test {
namespace {

constexpr const char* programs[] = {"/usr/bin/patroni", "/usr/bin/etcd"};

// Somebody may take it meanwhile; then the test fails to start.
std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(probe);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

void end(pid_t process) {
  if (process <= 0) return;
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
}

}  // namespace

bool PatroniCluster::installed() {
  for (const char* program : programs)
    if (::access(program, X_OK) != 0) return false;
  return true;
}

PatroniCluster::PatroniCluster(bool synchronous)
    : synchronous_(synchronous), etcd_port_(free_port()), peer_port_(free_port()) {
  give_to_server_user(folder_.path());
  const std::string client = "http://" + at(etcd_port_), peer = "http://" + at(peer_port_);
  etcd_ = spawn_server({programs[1], "--data-dir", folder_.path() / "etcd", "--listen-client-urls", client,
                        "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls",
                        peer, "--initial-cluster", "default=" + peer},
                       folder_.path() / "etcd.log", SIGKILL);
  for (int node = 0; node < 2; ++node) start(node);
}

PatroniCluster::~PatroniCluster() {
  for (int node = 0; node < 2; ++node) kill_node(node);
  end(etcd_);
}

void PatroniCluster::start(int number) {
  auto& node = nodes_.at(static_cast<std::size_t>(number));
  node.port = free_port();
  node.rest = free_port();
  const std::string name = "n" + std::to_string(number), folder = folder_.path().string();
  const auto file = folder_.path() / (name + ".yml");
  std::ofstream(file)
      << "scope: opi\nname: " << name << "\nrestapi: {listen: '" << at(node.rest) << "', connect_address: '"
      << at(node.rest) << "'}\netcd3: {host: '" << at(etcd_port_) << "'}\n"
      << "bootstrap:\n  dcs:\n    ttl: 20\n    loop_wait: 2\n    retry_timeout: 5\n    synchronous_mode: "
      << (synchronous_ ? "true" : "false")
      << "\n    postgresql: {use_pg_rewind: true, parameters: {max_connections: 100}}\n"
      << "  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]\n"
      << "  pg_hba: ['local all all trust', 'host all all 127.0.0.1/32 trust', "
      << "'host replication all 127.0.0.1/32 trust']\n"
      << "postgresql:\n  listen: '" << at(node.port) << "'\n  connect_address: '" << at(node.port)
      << "'\n  data_dir: " << folder << "/" << name << "\n  bin_dir: /usr/lib/postgresql/15/bin\n"
      << "  pgpass: " << folder << "/" << name << ".pgpass\n  authentication:\n"
      << "    superuser: {username: opi, password: x}\n    replication: {username: rep, password: x}\n"
      << "    rewind: {username: rew, password: x}\n"
      << "  parameters: {unix_socket_directories: '" << folder << "', shared_buffers: 64MB}\n";
  node.patroni =
      spawn_server({"/usr/bin/env", "HOME=" + folder, programs[0], file}, folder_.path() / (name + ".log"), SIGKILL);
}

std::string PatroniCluster::connection() const {
  return "host=127.0.0.1,127.0.0.1 port=" + std::to_string(nodes_[0].port) + "," + std::to_string(nodes_[1].port) +
         " target_session_attrs=read-write user=opi password=x dbname=postgres";
}

bool PatroniCluster::is(int node, const char* role) const {
  try {
    return demo::HttpClient(nodes_.at(static_cast<std::size_t>(node)).rest).get(role).status == 200;
  } catch (const std::exception&) {
    return false;  // it is not up
  }
}

int PatroniCluster::leader() const { return is(0, "/primary") ? 0 : is(1, "/primary") ? 1 : -1; }

bool PatroniCluster::is_replica(int node) const { return is(node, synchronous_ ? "/synchronous" : "/replica"); }

void PatroniCluster::switch_over() {
  const int from = leader();
  const auto answer =
      demo::HttpClient(nodes_.at(static_cast<std::size_t>(from)).rest)
          .post("/switchover", "", "application/json", R"({"leader":"n)" + std::to_string(from) + "\"}");
  if (answer.status != 200) throw std::runtime_error("switchover: " + answer.body);
}

void PatroniCluster::kill_node(int number) {
  auto& node = nodes_.at(static_cast<std::size_t>(number));
  end(std::exchange(node.patroni, -1));
  pid_t server = 0;
  std::ifstream(folder_.path() / ("n" + std::to_string(number)) / "postmaster.pid") >> server;
  if (server > 0) ::kill(server, SIGKILL);
}

}  // namespace opi::test
