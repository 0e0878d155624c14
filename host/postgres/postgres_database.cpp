#include "postgres/postgres_database.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>

#include "postgres/pinned_plans.hpp"
#include "postgres/schema.hpp"

namespace opi::postgres {
namespace {

// The tables are in schema public whatever the role's own search path: a role named opi would otherwise look into
// schema opi first, which holds publish() alone. Warnings are heard whatever the role's own level is: see
// Connection::commit().
constexpr const char* fixed_surroundings =
    "SET default_transaction_isolation = 'read committed'; SET search_path = public, pg_temp; "
    "SET client_min_messages = warning; ";

// How much later than the server this side gives up on a statement.
constexpr std::chrono::milliseconds server_grace{1'000};

// Row-level security: the roles of migrations/*_roles.sql.
constexpr const char* as_worker = "SET ROLE opi_worker; ";
constexpr const char* as_api = "SET ROLE opi_api; ";

// With a word before the id, so that a setting that was reset, or never made, is never that of the installation, whose
// id is empty.
constexpr Statement bind_tenant{"bind_tenant", "SELECT set_config('opi.tenant', 'tenant:' || $1::text, false)"};

// Readers filter by optional columns: plan with the values at hand.
constexpr const char* reader_plan = "SET plan_cache_mode = force_custom_plan; SET jit = off; ";

// WAL is written in order: a claim that a crash of the server forgets is forgotten with everything after it, so
// no settlement stands on it. The delivery is due again, and its request goes out twice, which at-least-once
// allows; a success of the forgotten claim still counts, anything else is fenced by its token.
constexpr const char* claim_durability = "SET synchronous_commit = off; ";

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '\'') text += '\\';
    text += c;
  }
  return text;
}

// The options as key=value pairs, completed by what keeps calls from hanging on a dead network.
std::string completed(const PostgresOptions& options) {
  char* fault = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed{
      PQconninfoParse(options.connection.c_str(), &fault), &PQconninfoFree};
  PQfreemem(fault);  // quotes the string, password and all: not to be shown
  if (parsed == nullptr)
    throw std::invalid_argument("postgresql: the connection string is not key=value pairs or a URI");

  std::map<std::string, std::string> values{
      {"application_name", options.application_name},
      {"client_encoding", "UTF8"},
      {"connect_timeout", std::to_string(std::max<std::int64_t>(2, options.connect_timeout.count()))},
      {"keepalives", "1"},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", std::to_string(options.tcp_user_timeout.count())},
  };
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;

  // Without it libpq takes the first host that answers, a standby too.
  if (values["host"].find(',') != std::string::npos || values["hostaddr"].find(',') != std::string::npos)
    values.try_emplace("target_session_attrs", "read-write");

  std::string text;
  for (const auto& [keyword, value] : values) {
    if (value.empty()) continue;
    if (value.find_first_of(" \t\r\n\v\f") != std::string::npos)
      throw std::invalid_argument("postgresql: the connection string's " + keyword + " contains whitespace");
    // libpq would take it for the name of a folder and say it in its errors, password and all. A first @ is an abstract
    // socket's.
    if (keyword == "host" && (value.find("://") != std::string::npos || value.find('@', 1) != std::string::npos))
      throw std::invalid_argument("postgresql: the connection string's host holds a URI, which must stand alone");
    if (!text.empty()) text += ' ';
    text += keyword + '=' + escaped(value);
  }
  return text;
}

std::string timeouts(const PostgresOptions& options, std::chrono::milliseconds statement_timeout) {
  const auto set = [](const char* name, std::chrono::milliseconds value) {
    return std::string{"SET "} + name + " = " + std::to_string(value.count()) + "; ";
  };
  return set("statement_timeout", statement_timeout) + set("lock_timeout", options.lock_timeout) +
         set("idle_in_transaction_session_timeout", options.idle_in_transaction_timeout);
}

ConnectionSettings settings(const PostgresOptions& options, const std::string& plan, const char* role = as_worker) {
  auto made = plain_settings(options, options.statement_timeout);
  made.on_open += plan + role;
  return made;
}

}  // namespace

ConnectionSettings plain_settings(const PostgresOptions& options, std::chrono::milliseconds statement_timeout) {
  return {completed(options), timeouts(options, statement_timeout) + fixed_surroundings,
          statement_timeout + server_grace, options.closing};
}

PostgresDatabase::PostgresDatabase(const PostgresOptions& options)
    : options_(options),
      intake_(options.intake_sessions, settings(options, pin_plans), options.borrow_timeout),
      claim_(options.claim_sessions, settings(options, std::string{pin_plans} + claim_durability),
             options.borrow_timeout),
      settle_(options.settle_sessions, settings(options, pin_plans), options.borrow_timeout),
      look_(options.look_sessions, settings(options, pin_plans), options.borrow_timeout),
      general_(options.general_sessions, settings(options, reader_plan), options.borrow_timeout),
      tenants_(options.tenant_sessions, settings(options, reader_plan, as_api), options.borrow_timeout) {}

SessionPool::Lease PostgresDatabase::tenant(const TenantId& tenant) {
  auto session = tenants_.borrow();
  session->execute(bind_tenant, Parameters{}.text(tenant.str()));
  return session;
}

void PostgresDatabase::migrate() {
  auto unhurried = plain_settings(options_, options_.migration_timeout);
  // Waiting for another daemon's migration is not a lock conflict.
  unhurried.on_open += "SET lock_timeout = 0; ";
  Connection connection{unhurried};
  connection.ensure_open();
  migrate_schema(connection, known_migrations());
}

}  // namespace opi::postgres
