#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "postgres/closing_time.hpp"

namespace opi::postgres {

struct PostgresOptions {
  // libpq's key=value list or URI, password included: never to be logged. Its values may not contain
  // whitespace, which POCO's connector cannot pass on.
  std::string connection;
  std::string application_name = "integrationsd";

  std::chrono::seconds connect_timeout{5};              // libpq knows whole seconds, 2 at least
  std::chrono::milliseconds statement_timeout{15'000};  // in the server; here a second later
  std::chrono::milliseconds lock_timeout{5'000};
  std::chrono::milliseconds idle_in_transaction_timeout{30'000};
  std::chrono::milliseconds tcp_user_timeout{15'000};  // unacknowledged bytes on a dead network
  std::chrono::milliseconds borrow_timeout{5'000};     // waiting for a free session
  std::chrono::milliseconds migration_timeout{600'000};
  std::shared_ptr<ClosingTime> closing = std::make_shared<ClosingTime>();  // of all sessions that these make

  int intake_sessions = 1;
  int claim_sessions = 1;
  int settle_sessions = 1;
  int look_sessions = 1;
  int general_sessions = 2;  // the catalog, tokens, the system's own audit records
  int tenant_sessions = 4;   // what people read and change
};

}  // namespace opi::postgres
