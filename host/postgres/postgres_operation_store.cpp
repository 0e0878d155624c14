#include "postgres/postgres_operation_store.hpp"

#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::Operation;
using delivery::OperationKind;

constexpr Statement start_operation{"start_operation", R"(
  INSERT INTO integration_operations (tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at,
                                      state, counted, updated_at)
  SELECT $1::text, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::timestamptz, 'running', $9::bigint,
         $8::timestamptz
  WHERE (SELECT count(*) FROM integration_operations WHERE tenant_id = $1::text AND state = 'running') < $10::int)"};

constexpr Statement find_operation{"find_operation", R"(
  SELECT tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at, state, counted, done,
         failed, cursor, error, updated_at, finished_at
  FROM integration_operations WHERE tenant_id = $1::text AND operation_id = $2::uuid)"};

constexpr Statement list_operations{"list_operations", R"(
  SELECT tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at, state, counted, done,
         failed, cursor, error, updated_at, finished_at
  FROM integration_operations
  WHERE tenant_id = $1::text AND ($2::uuid IS NULL OR operation_id < $2::uuid)
  ORDER BY operation_id DESC LIMIT $3::int)"};

constexpr Statement running_operations{"running_operations", R"(
  SELECT tenant_id, operation_id, kind, request, actor_kind, actor_id, actor_role, created_at, state, counted, done,
         failed, cursor, error, updated_at, finished_at
  FROM integration_operations WHERE state = 'running' ORDER BY operation_id LIMIT $1::int)"};

constexpr Statement advance_operation{"advance_operation", R"(
  UPDATE integration_operations
  SET state = $3::text, done = $4::bigint, failed = $5::bigint, cursor = $6::uuid, error = $7::text,
      updated_at = $8::timestamptz, finished_at = $9::timestamptz
  WHERE tenant_id = $1::text AND operation_id = $2::uuid AND state = 'running')"};

constexpr Statement cancel_operation{"cancel_operation", R"(
  UPDATE integration_operations SET state = 'cancelled', updated_at = $3::timestamptz, finished_at = $3::timestamptz
  WHERE tenant_id = $1::text AND operation_id = $2::uuid AND state = 'running')"};

std::vector<Operation> operations_of(const Rows& rows) {
  std::vector<Operation> operations;
  for (int i = 0; i < rows.size(); ++i) {
    Operation one;
    one.tenant = TenantId::parse(rows.text(i, 0)).value();
    one.id = delivery::OperationId{rows.uuid(i, 1)};
    one.kind = delivery::parse_operation_kind(rows.text(i, 2)).value_or(OperationKind::unknown);
    delivery::read_request(one, rows.text(i, 3));
    one.actor_kind = audit::parse_actor_kind(rows.text(i, 4)).value();
    one.actor_id = rows.string(i, 5);
    one.actor_role = rows.string(i, 6);
    one.created_at = rows.time(i, 7);
    one.state = delivery::parse_operation_state(rows.text(i, 8)).value();
    one.counted = rows.int8(i, 9);
    one.done = rows.int8(i, 10);
    one.failed = rows.int8(i, 11);
    if (!rows.is_null(i, 12)) one.cursor = DeliveryId{rows.uuid(i, 12)};
    one.error = rows.string(i, 13);
    one.updated_at = rows.time(i, 14);
    one.finished_at = rows.optional_time(i, 15);
    operations.push_back(std::move(one));
  }
  return operations;
}

}  // namespace

delivery::StartResult PostgresOperationStore::start(const Operation& operation, const audit::Entry& entry) {
  auto session = database_.tenant(operation.tenant);
  Transaction transaction{*session};
  const auto rows = session->execute(start_operation, Parameters{}
                                                          .text(operation.tenant.str())
                                                          .uuid(operation.id.value)
                                                          .text(to_string(operation.kind))
                                                          .text(delivery::request_text(operation))
                                                          .text(to_string(operation.actor_kind))
                                                          .text(operation.actor_id)
                                                          .text(operation.actor_role)
                                                          .time(operation.created_at)
                                                          .int8(operation.counted)
                                                          .int4(Operation::max_running));
  if (rows.affected() == 0) return delivery::StartResult::too_many;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return delivery::StartResult::started;
}

std::optional<Operation> PostgresOperationStore::find(const TenantId& tenant, const delivery::OperationId& id) {
  auto session = database_.tenant(tenant);
  auto found = operations_of(session->execute(find_operation, Parameters{}.text(tenant.str()).uuid(id.value)));
  return found.empty() ? std::nullopt : std::optional{std::move(found.front())};
}

std::vector<Operation> PostgresOperationStore::list(const TenantId& tenant,
                                                    const std::optional<delivery::OperationId>& before, int limit) {
  auto session = database_.tenant(tenant);
  Parameters parameters;
  parameters.text(tenant.str()).optional_uuid(before ? std::optional{before->value} : std::nullopt).int4(limit);
  return operations_of(session->execute(list_operations, parameters));
}

std::vector<Operation> PostgresOperationStore::running(int limit) {
  auto session = database_.general().borrow();
  auto operations = operations_of(session->execute(running_operations, Parameters{}.int4(limit)));
  std::erase_if(operations, [](const Operation& one) { return one.kind == OperationKind::unknown; });
  return operations;
}

bool PostgresOperationStore::advance(const Operation& operation) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  Parameters parameters;
  parameters.text(operation.tenant.str())
      .uuid(operation.id.value)
      .text(to_string(operation.state))
      .int8(operation.done)
      .int8(operation.failed)
      .optional_uuid(operation.cursor ? std::optional{operation.cursor->value} : std::nullopt)
      .text(operation.error)
      .time(operation.updated_at)
      .optional_time(operation.finished_at);
  const bool advanced = session->execute(advance_operation, parameters).affected() == 1;
  transaction.commit();
  return advanced;
}

bool PostgresOperationStore::cancel(const TenantId& tenant, const delivery::OperationId& id,
                                    const audit::Entry& entry) {
  auto session = database_.tenant(tenant);
  Transaction transaction{*session};
  const auto rows = session->execute(cancel_operation, Parameters{}.text(tenant.str()).uuid(id.value).time(entry.at));
  if (rows.affected() == 0) return false;
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::postgres
