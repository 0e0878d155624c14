#include "support/postgres_cluster.hpp"

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/server_process.hpp"

namespace opi::test {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds start_deadline = 60s, stop_deadline = 30s, poll_interval = 10ms;

using Connected = std::unique_ptr<PGconn, decltype(&PQfinish)>;

// Whether a child that nobody reaped yet runs no more: a zombie, whose files and connections are closed.
bool has_ended(pid_t process) {
  std::ifstream status{std::filesystem::path("/proc") / std::to_string(process) / "stat"};
  std::string line;
  std::getline(status, line);
  return line.compare(line.rfind(')') + 2, 1, "Z") == 0;  // man 5 proc: the state follows the name in brackets
}

}  // namespace

PostgresCluster::PostgresCluster(Options options) : options_(std::move(options)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "opi-pg-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  folder_ = pattern;
  try {
    initialise();
    start();
  } catch (...) {
    if (server_ > 0) kill_hard();
    std::filesystem::remove_all(folder_);
    throw;
  }
}

PostgresCluster::~PostgresCluster() {
  if (server_ > 0) kill_hard();  // nobody will read the data again
  std::error_code ignored;       // what cannot be removed is the temporary directory's to clean
  std::filesystem::remove_all(folder_, ignored);
}

void PostgresCluster::initialise() {
  give_to_server_user(folder_);
  if (options_.standby_of != nullptr)
    run({options_.programs / "pg_basebackup", "--pgdata", folder_ / "data", "--host", options_.standby_of->host(),
         "--username", "opi", "--write-recovery-conf", "--checkpoint", "fast", "--no-sync"});
  else
    run({options_.programs / "initdb", "--pgdata", folder_ / "data", "--username", "opi", "--auth", "trust",
         "--encoding", "UTF8", "--no-locale", "--no-sync"});
}

void PostgresCluster::run(const std::vector<std::string>& command) {
  const pid_t child = spawn_server(command, folder_ / "log", SIGQUIT);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error(command.front() + " failed:\n" + log());
}

void PostgresCluster::promote() { run({options_.programs / "pg_ctl", "promote", "-D", folder_ / "data"}); }

void PostgresCluster::start() {
  if (server_ > 0) throw std::logic_error("the server runs already");
  std::vector<std::string> command{options_.programs / "postgres", "-D", folder_ / "data"};
  std::vector<std::string> settings{"listen_addresses=",
                                    "unix_socket_directories=" + folder_.string(),
                                    "fsync=off",
                                    "full_page_writes=off",
                                    "max_connections=100",
                                    "shared_buffers=64MB",
                                    "log_min_messages=error",
                                    "log_min_error_statement=panic"};
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const auto& setting : settings) command.insert(command.end(), {"-c", setting});
  const auto deadline = std::chrono::steady_clock::now() + start_deadline;
  server_ = spawn_server(command, folder_ / "log", SIGQUIT);
  while (PQping(connection("postgres").c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the server does not answer:\n" + log());
    std::this_thread::sleep_for(poll_interval);
    // A server refuses to start while the last process of a killed one still holds its shared memory.
    if (::waitpid(server_, nullptr, WNOHANG) == server_) server_ = spawn_server(command, folder_ / "log", SIGQUIT);
  }
}

void PostgresCluster::wait_until_gone() {
  const auto deadline = std::chrono::steady_clock::now() + stop_deadline;
  while (::waitpid(server_, nullptr, WNOHANG) != server_) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the server does not end:\n" + log());
    std::this_thread::sleep_for(poll_interval);
  }
  server_ = -1;
}

void PostgresCluster::stop() {
  ::kill(server_, SIGINT);
  wait_until_gone();
}

// No session begins after the look at them, and the stopped server reaps none: each number stays theirs.
std::vector<pid_t> PostgresCluster::sessions_of_stopped() {
  ::kill(server_, SIGSTOP);
  std::vector<pid_t> sessions;
  const std::string server = std::to_string(server_);
  std::ifstream children{std::filesystem::path("/proc") / server / "task" / server / "children"};
  for (pid_t one = 0; children >> one;) sessions.push_back(one);
  return sessions;
}

void PostgresCluster::freeze() {
  frozen_ = sessions_of_stopped();
  for (const pid_t one : frozen_) ::kill(one, SIGSTOP);
}

void PostgresCluster::thaw() {
  for (const pid_t one : std::exchange(frozen_, {})) ::kill(one, SIGCONT);
  ::kill(server_, SIGCONT);
}

void PostgresCluster::kill_hard() {
  // A session left to itself sees the death of its parent a moment later, and may answer one more statement until then.
  const auto sessions = sessions_of_stopped();
  for (const pid_t one : sessions) ::kill(one, SIGKILL);
  const auto deadline = std::chrono::steady_clock::now() + stop_deadline;
  for (const pid_t one : sessions)
    while (!has_ended(one)) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("a session does not end:\n" + log());
      std::this_thread::sleep_for(poll_interval);
    }
  ::kill(server_, SIGKILL);
  wait_until_gone();
}

std::string PostgresCluster::create_database(const std::string& like) {
  const Connected admin{PQconnectdb(connection("postgres").c_str()), &PQfinish};
  const std::string name = "db" + std::to_string(++databases_);
  // By its files: through the log it takes twice as long, which is for servers whose data counts.
  const std::string sql = "CREATE DATABASE " + name + " TEMPLATE " + like + " STRATEGY file_copy";
  const std::unique_ptr<PGresult, decltype(&PQclear)> made{PQexec(admin.get(), sql.c_str()), &PQclear};
  if (PQresultStatus(made.get()) != PGRES_COMMAND_OK)
    throw std::runtime_error(std::string{"CREATE DATABASE: "} + PQerrorMessage(admin.get()));
  return connection(name);
}

std::filesystem::path PostgresCluster::socket() const { return folder_ / ".s.PGSQL.5432"; }

std::string PostgresCluster::connection(const std::string& database) const {
  return "host=" + folder_.string() + " port=5432 user=opi dbname=" + database;
}

std::string PostgresCluster::log() const {
  std::ostringstream text;
  text << std::ifstream{folder_ / "log"}.rdbuf();
  return text.str();
}

}  // namespace opi::test
