#include "delivery/operation_runner.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace opi::delivery {
namespace {

audit::Entry entry_of(const Operation& operation, audit::Action action, UnixTime now) {
  audit::Entry entry;
  entry.tenant = operation.tenant;
  entry.at = now;
  entry.actor_kind = operation.actor_kind;
  entry.actor_id = operation.actor_id;
  entry.actor_role = operation.actor_role;
  entry.action = action;
  entry.details = boost::json::serialize(boost::json::object{{"operation", operation.id.to_string()}});
  return entry;
}

}  // namespace

std::chrono::milliseconds OperationRunner::run_once() {
  const auto running = store_.running(options_.looked_at);
  std::erase_if(not_before_, [&](const auto& one) {
    return std::ranges::none_of(running, [&](const Operation& operation) { return operation.id == one.first; });
  });
  if (running.empty()) return options_.interval;
  const MonoTime now = instruments_.clock.mono_now();
  const auto* next = next_of(running, now);
  if (next == nullptr) {
    const auto first = std::ranges::min_element(not_before_, {}, [](const auto& one) { return one.second; })->second;
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(first - now), options_.pause, options_.interval);
  }
  Operation operation = *next;
  latest_ = operation.id;
  contention_.had_turn(operation.tenant, now);
  const int size = size_of(operation, now);
  if (operation.rate_per_second)
    not_before_[operation.id] = now + std::chrono::milliseconds{1'000LL * size / *operation.rate_per_second};
  try {
    const auto piece = do_piece(operation, size);
    operation.done += piece.moved;
    operation.failed += piece.passed_by;
    if (piece.last) operation.cursor = piece.last;
    operation.updated_at = instruments_.clock.unix_now();
    if (piece.at_the_end) finish(operation, OperationState::done);
  } catch (const StoreRefused& refusal) {
    instruments_.logger.error("operation.refused",
                              {{"operation", operation.id.to_string()}, {"error", refusal.what()}});
    finish(operation, OperationState::failed, "the store refused a part of it; the daemon's log says why");
  }
  store_.advance(operation);
  return options_.pause;
}

const Operation* OperationRunner::next_of(const std::vector<Operation>& running, MonoTime now) const {
  const auto may = [&](const Operation& one) {
    const auto limited = not_before_.find(one.id);
    return limited == not_before_.end() || limited->second <= now;
  };
  const Operation* first = nullptr;
  for (const auto& one : running) {
    if (!may(one)) continue;
    if (one.id > latest_) return &one;
    if (first == nullptr) first = &one;
  }
  return first;
}

int OperationRunner::size_of(const Operation& operation, MonoTime now) const {
  const int size = contention_.present(now) ? options_.small_piece : options_.piece;
  return operation.rate_per_second ? std::min(size, *operation.rate_per_second) : size;
}

MovedPiece OperationRunner::do_piece(const Operation& operation, int size) {
  const auto by = [&](audit::Action action) { return entry_of(operation, action, instruments_.clock.unix_now()); };
  auto filter = operation.filter;
  filter.destination_exists = true;
  const auto after = operation.cursor.value_or(DeliveryId{});
  switch (operation.kind) {
    case OperationKind::cancel:
      return waiting_.cancel_piece(operation.tenant, filter, operation.cursor, size, operation.reason,
                                   by(audit::Action::delivery_cancelled));
    case OperationKind::replay:
      return ended_.replay_piece(operation.tenant, filter, after, size, by(audit::Action::dead_letter_replayed));
    case OperationKind::resend:
      return ended_.resend_piece(operation.tenant, filter, after, size, by(audit::Action::delivery_resent));
    case OperationKind::unknown: break;
  }
  throw StoreRefused("an operation of a kind that this version does not know");
}

void OperationRunner::finish(Operation& operation, OperationState state, std::string error) {
  operation.state = state;
  operation.error = std::move(error);
  operation.updated_at = instruments_.clock.unix_now();
  operation.finished_at = operation.updated_at;
  instruments_.logger.info("operation.ended", {{"operation", operation.id.to_string()},
                                               {"tenant", operation.tenant.str()},
                                               {"kind", to_string(operation.kind)},
                                               {"state", to_string(state)},
                                               {"done", operation.done},
                                               {"failed", operation.failed}});
}

}  // namespace opi::delivery
