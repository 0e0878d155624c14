#pragma once
#include "audit/audit_record.hpp"
#include "node/secret_refresh.hpp"

namespace opi::daemon {

// The record that somebody had secrets fetched anew. It tells which destination, never which reference.
audit::Entry refresh_entry(const node::RefreshRequest& request, const secrets::SecretBroker::Refreshed& refreshed,
                           UnixTime at);

}  // namespace opi::daemon
