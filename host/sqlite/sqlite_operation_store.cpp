#include "sqlite/sqlite_operation_store.hpp"

#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::Operation;
using delivery::OperationKind;

constexpr Statement start_operation{"start_operation", R"(
  INSERT INTO integration_operations (tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at_ms,
                                      state, counted, updated_at_ms)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'running', ?9,
         ?8
  WHERE (SELECT count(*) FROM integration_operations WHERE tenant_id = ?1 AND state = 'running') < ?10)"};

constexpr Statement find_operation{"find_operation", R"(
  SELECT tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at_ms, state, counted, done,
         failed, cursor, error, updated_at_ms, finished_at_ms
  FROM integration_operations WHERE tenant_id = ?1 AND operation_id = ?2)"};

constexpr Statement list_operations{"list_operations", R"(
  SELECT tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at_ms, state, counted, done,
         failed, cursor, error, updated_at_ms, finished_at_ms
  FROM integration_operations
  WHERE tenant_id = ?1 AND (?2 IS NULL OR operation_id < ?2)
  ORDER BY operation_id DESC LIMIT ?3)"};

constexpr Statement running_operations{"running_operations", R"(
  SELECT tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at_ms, state, counted, done,
         failed, cursor, error, updated_at_ms, finished_at_ms
  FROM integration_operations WHERE state = 'running' ORDER BY operation_id LIMIT ?1)"};

constexpr Statement advance_operation{"advance_operation", R"(
  UPDATE integration_operations
  SET state = ?3, done = ?4, failed = ?5, cursor = ?6, error = ?7,
      updated_at_ms = ?8, finished_at_ms = ?9
  WHERE tenant_id = ?1 AND operation_id = ?2 AND state = 'running')"};

constexpr Statement cancel_operation{"cancel_operation", R"(
  UPDATE integration_operations SET state = 'cancelled', updated_at_ms = ?3, finished_at_ms = ?3
  WHERE tenant_id = ?1 AND operation_id = ?2 AND state = 'running')"};

// The row of a SELECT like find_operation's.
Operation operation_of(const Query& row) {
  Operation one;
  one.tenant = TenantId::parse(row.view(0)).value();
  one.id = delivery::OperationId{row.uuid_at(1)};
  one.kind = delivery::parse_operation_kind(row.view(2)).value_or(OperationKind::unknown);
  delivery::read_request(one, row.view(3));
  one.actor_kind = audit::parse_actor_kind(row.view(4)).value();
  one.actor_id = row.string(5);
  one.actor_role = row.string(6);
  one.created_at = row.time_at(7);
  one.state = delivery::parse_operation_state(row.view(8)).value();
  one.counted = row.int8(9);
  one.done = row.int8(10);
  one.failed = row.int8(11);
  if (!row.is_null(12)) one.cursor = DeliveryId{row.uuid_at(12)};
  one.error = row.string(13);
  one.updated_at = row.time_at(14);
  one.finished_at = row.optional_time_at(15);
  return one;
}

}  // namespace

delivery::StartResult SqliteOperationStore::start(const Operation& operation, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto started = Query{*session, start_operation}
                           .text(operation.tenant.str())
                           .uuid(operation.id.value)
                           .text(to_string(operation.kind))
                           .text(delivery::request_text(operation))
                           .text(to_string(operation.actor_kind))
                           .text(operation.actor_id)
                           .text(operation.actor_role)
                           .time(operation.created_at)
                           .integer(operation.counted)
                           .integer(Operation::max_running)
                           .run();
  if (started == 0) return delivery::StartResult::too_many;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return delivery::StartResult::started;
}

std::optional<Operation> SqliteOperationStore::find(const TenantId& tenant, const delivery::OperationId& id) {
  const auto session = database_.reader();
  Query row{*session, find_operation};
  if (!row.text(tenant.str()).uuid(id.value).step()) return std::nullopt;
  return operation_of(row);
}

std::vector<Operation> SqliteOperationStore::list(const TenantId& tenant,
                                                  const std::optional<delivery::OperationId>& before, int limit) {
  const auto session = database_.reader();
  Query rows{*session, list_operations};
  rows.text(tenant.str()).optional_uuid(before ? std::optional{before->value} : std::nullopt).integer(limit);
  std::vector<Operation> operations;
  while (rows.step()) operations.push_back(operation_of(rows));
  return operations;
}

std::vector<Operation> SqliteOperationStore::running(int limit) {
  const auto session = database_.reader();
  Query rows{*session, running_operations};
  rows.integer(limit);
  std::vector<Operation> operations;
  while (rows.step()) operations.push_back(operation_of(rows));
  std::erase_if(operations, [](const Operation& one) { return one.kind == OperationKind::unknown; });
  return operations;
}

bool SqliteOperationStore::advance(const Operation& operation) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto advanced = Query{*session, advance_operation}
                            .text(operation.tenant.str())
                            .uuid(operation.id.value)
                            .text(to_string(operation.state))
                            .integer(operation.done)
                            .integer(operation.failed)
                            .optional_uuid(operation.cursor ? std::optional{operation.cursor->value} : std::nullopt)
                            .text(operation.error)
                            .time(operation.updated_at)
                            .optional_time(operation.finished_at)
                            .run();
  transaction.commit();
  return advanced == 1;
}

bool SqliteOperationStore::cancel(const TenantId& tenant, const delivery::OperationId& id, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  if (Query{*session, cancel_operation}.text(tenant.str()).uuid(id.value).time(entry.at).run() == 0) return false;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::sqlite
