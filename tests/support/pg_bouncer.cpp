#include "support/pg_bouncer.hpp"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

namespace opi::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* program = "/usr/sbin/pgbouncer";

// It refuses to run as root.
void become_postgres() {
  if (::geteuid() != 0) return;
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr || ::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)
    ::_exit(126);
}

}  // namespace

bool PgBouncer::installed() { return ::access(program, X_OK) == 0; }

PgBouncer::PgBouncer(std::string server_host, const std::string& pool_mode, std::string settings)
    : server_host_(std::move(server_host)), settings_(std::move(settings)) {
  configure(pool_mode);
  const passwd* user = ::getpwnam("postgres");
  if (::geteuid() == 0 && (user == nullptr || ::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0))
    throw std::runtime_error("there is no user postgres to run pgbouncer");
  const std::string file = (folder_.path() / "pgbouncer.ini").string(), log = (folder_.path() / "output").string();
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    become_postgres();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execl(program, program, file.c_str(), nullptr);
    ::_exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (PQping(("host=" + folder_.path().string() + " port=6432 user=opi dbname=postgres").c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("pgbouncer does not answer: " + log);
    std::this_thread::sleep_for(10ms);
  }
}

PgBouncer::~PgBouncer() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void PgBouncer::configure(const std::string& pool_mode) {
  const auto users = folder_.path() / "users";
  std::ofstream(users) << "\"opi\" \"\"\n";
  std::ofstream(folder_.path() / "pgbouncer.ini")
      << "[databases]\n* = host=" << server_host_ << " port=5432\n[pgbouncer]\nlisten_port=6432\nlisten_addr=\n"
      << "unix_socket_dir=" << folder_.path().string() << "\nauth_type=trust\nauth_file=" << users.string()
      << "\nadmin_users=opi\npool_mode=" << pool_mode << "\n"
      << settings_ << "\n";
}

void PgBouncer::reload(const std::string& pool_mode) {
  configure(pool_mode);
  const std::string admin = "host=" + folder_.path().string() + " port=6432 user=opi dbname=pgbouncer";
  const std::unique_ptr<PGconn, decltype(&PQfinish)> console{PQconnectdb(admin.c_str()), &PQfinish};
  const std::unique_ptr<PGresult, decltype(&PQclear)> done{PQexec(console.get(), "RELOAD"), &PQclear};
  if (PQresultStatus(done.get()) != PGRES_COMMAND_OK)
    throw std::runtime_error(std::string{"RELOAD: "} + PQerrorMessage(console.get()));
}

std::string PgBouncer::through(const std::string& direct) const {
  const auto rest = direct.substr(direct.find(" user="));
  return "host=" + folder_.path().string() + " port=6432" + rest;
}

}  // namespace opi::test
