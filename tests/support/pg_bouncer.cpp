#include "support/pg_bouncer.hpp"

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "support/server_process.hpp"

namespace opi::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* program = "/usr/sbin/pgbouncer";

}  // namespace

bool PgBouncer::installed() { return ::access(program, X_OK) == 0; }

PgBouncer::PgBouncer(std::string server_host, const std::string& pool_mode, std::string settings)
    : server_host_(std::move(server_host)), settings_(std::move(settings)) {
  configure(pool_mode);
  give_to_server_user(folder_.path());
  const auto log = folder_.path() / "output";
  process_ = spawn_server({program, folder_.path() / "pgbouncer.ini"}, log, SIGKILL);
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (PQping(("host=" + folder_.path().string() + " port=6432 user=opi dbname=postgres").c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("pgbouncer does not answer");
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
