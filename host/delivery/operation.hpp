#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit_record.hpp"
#include "delivery/delivery_filter.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

using OperationId = UuidId<struct OperationTag>;

enum class OperationKind {
  cancel,   // what waits
  replay,   // dead letters
  resend,   // what was delivered, or failed
  unknown,  // of a stored one that a newer version started, and works on; never parsed and never written
};

enum class OperationState {
  running,
  done,
  failed,     // it cannot go on; `error` says why
  cancelled,  // by a person; what it did stays done
};

constexpr std::string_view to_string(OperationKind kind) {
  switch (kind) {
    case OperationKind::cancel: return "cancel";
    case OperationKind::replay: return "replay";
    case OperationKind::resend: return "resend";
    case OperationKind::unknown: break;
  }
  return "unknown";
}
constexpr std::optional<OperationKind> parse_operation_kind(std::string_view text) {
  for (const auto kind : {OperationKind::cancel, OperationKind::replay, OperationKind::resend})
    if (to_string(kind) == text) return kind;
  return std::nullopt;
}

constexpr std::string_view to_string(OperationState state) {
  switch (state) {
    case OperationState::running: return "running";
    case OperationState::done: return "done";
    case OperationState::failed: return "failed";
    case OperationState::cancelled: return "cancelled";
  }
  return "";
}
constexpr std::optional<OperationState> parse_operation_state(std::string_view text) {
  for (const auto state :
       {OperationState::running, OperationState::done, OperationState::failed, OperationState::cancelled})
    if (to_string(state) == text) return state;
  return std::nullopt;
}

// What somebody started over many deliveries, and how far it is. Daemons work it off in pieces; it outlives them.
struct Operation {
  static constexpr int max_running = 10;  // of a tenant
  static constexpr int max_rate = 10'000;

  OperationId id;
  TenantId tenant;
  OperationKind kind{};
  DeliveryFilter filter;
  std::string reason;                  // of a cancellation
  std::optional<int> rate_per_second;  // deliveries, 1 to max_rate; nullopt: as fast as the store bears
  audit::ActorKind actor_kind = audit::ActorKind::system;
  std::string actor_id, actor_role;
  UnixTime created_at{};

  OperationState state = OperationState::running;
  std::int64_t counted = 0;  // matched when it was started
  std::int64_t done = 0;
  std::int64_t failed = 0;           // matched and could not be done, such as what was under way
  std::optional<DeliveryId> cursor;  // the last that it came to
  std::string error;
  UnixTime updated_at{};
  std::optional<UnixTime> finished_at;
};

// What was asked for, as the stores keep it: {"filter", "reason", "rate_per_second"}. Pure.
std::string request_text(const Operation& operation);
// The inverse. What cannot be read was written by a newer version: then the kind is unknown.
void read_request(Operation& operation, std::string_view text);

enum class StartResult { started, too_many };

// Thread-safe. Throws StoreUnavailable, and CommitInDoubt where it writes (asking again is harmless, but for start()).
class OperationStore {
 public:
  virtual ~OperationStore() = default;
  // Too many if the tenant has Operation::max_running under way.
  virtual StartResult start(const Operation& operation, const audit::Entry& entry) = 0;
  virtual std::optional<Operation> find(const TenantId& tenant, const OperationId& id) = 0;
  // Newest first, those before `before` if it is given.
  virtual std::vector<Operation> list(const TenantId& tenant, const std::optional<OperationId>& before, int limit) = 0;
  // Of all tenants, oldest first, but for those of which this version does not know the kind.
  virtual std::vector<Operation> running(int limit) = 0;
  // Writes state, done, failed, cursor, error and the times down. False if it is not running any more.
  virtual bool advance(const Operation& operation) = 0;
  // False if it is not running (any more), or not the tenant's.
  virtual bool cancel(const TenantId& tenant, const OperationId& id, const audit::Entry& entry) = 0;
};

}  // namespace opi::delivery
