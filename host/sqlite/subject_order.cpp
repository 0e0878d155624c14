#include "sqlite/subject_order.hpp"

#include "sqlite/query.hpp"

namespace opi::sqlite {
namespace {

// The number is never_due_us, written out: only then SQLite sees that the partial index holds what is asked for.
//
// A delivery that came back to life (place 0) goes before those that wait, but not beside one that is due or under way,
// which may be another that came back.
constexpr Statement wait_behind{"wait_behind", R"(
  UPDATE integration_outbox AS o SET due_at_us = ?1
  WHERE o.tenant_id = ?2 AND o.delivery_id = ?3 AND o.subject <> '' AND (
    EXISTS (SELECT 1 FROM integration_outbox b
            WHERE b.destination_id = o.destination_id AND b.subject = o.subject AND b.subject <> ''
              AND (b.place, b.delivery_id) < (o.place, o.delivery_id))
    OR EXISTS (SELECT 1 FROM integration_outbox b INDEXED BY integration_outbox_going
               WHERE b.destination_id = o.destination_id AND b.subject = o.subject AND b.subject <> ''
                 AND b.due_at_us < 9223372036854775807 AND b.delivery_id <> o.delivery_id)
    OR (EXISTS (SELECT 1 FROM integration_deliveries d
                WHERE d.destination_id = o.destination_id AND d.subject = o.subject AND d.subject <> ''
                  AND d.state = 'dead_lettered')
        AND NOT EXISTS (SELECT 1 FROM integration_external_references r
                        WHERE r.tenant_id = o.tenant_id AND r.destination_id = o.destination_id
                          AND r.subject = o.subject))))"};

constexpr Statement wake_first{"wake_first_of_subject", R"(
  UPDATE integration_outbox AS o SET due_at_us = ?1
  WHERE (o.tenant_id, o.delivery_id) = (
      SELECT w.tenant_id, w.delivery_id FROM integration_outbox w
      WHERE w.destination_id = ?2 AND w.subject = ?3 AND w.subject <> '' ORDER BY w.place, w.delivery_id LIMIT 1)
    AND o.due_at_us = ?4
    AND NOT EXISTS (SELECT 1 FROM integration_outbox b INDEXED BY integration_outbox_going
                    WHERE b.destination_id = ?2 AND b.subject = ?3 AND b.subject <> '' AND b.due_at_us < 9223372036854775807)
    AND NOT (EXISTS (SELECT 1 FROM integration_deliveries d
                     WHERE d.destination_id = ?2 AND d.subject = ?3 AND d.subject <> '' AND d.state = 'dead_lettered')
             AND NOT EXISTS (SELECT 1 FROM integration_external_references r
                             WHERE r.tenant_id = o.tenant_id AND r.destination_id = ?2 AND r.subject = ?3)))"};

constexpr Statement find_waited_for{"find_waited_for", R"(
  SELECT coalesce(
    (SELECT b.delivery_id FROM integration_outbox b INDEXED BY integration_outbox_going
     WHERE b.destination_id = o.destination_id AND b.subject = o.subject AND b.subject <> '' AND b.due_at_us < 9223372036854775807
     LIMIT 1),
    (SELECT min(d.delivery_id) FROM integration_deliveries d
     WHERE d.destination_id = o.destination_id AND d.subject = o.subject AND d.subject <> ''
       AND d.state = 'dead_lettered'
       AND NOT EXISTS (SELECT 1 FROM integration_external_references r
                       WHERE r.tenant_id = o.tenant_id AND r.destination_id = o.destination_id
                         AND r.subject = o.subject)))
  FROM integration_outbox o
  WHERE o.tenant_id = ?2 AND o.delivery_id = ?3 AND o.subject <> '' AND o.due_at_us = ?1)"};

}  // namespace

void wait_for_turn(Connection& connection, const TenantId& tenant, const DeliveryId& delivery) {
  Query{connection, wait_behind}.integer(never_due_us).text(tenant.str()).uuid(delivery.value).run();
}

int wake_next(Connection& connection, std::span<const OrderedSubject> subjects, UnixTime now) {
  const auto due = std::chrono::microseconds{now.time_since_epoch()}.count();
  int woken = 0;
  for (const auto& [destination, subject] : subjects)
    woken += static_cast<int>(
        Query{connection, wake_first}.integer(due).uuid(destination.value).text(subject).integer(never_due_us).run());
  return woken;
}

std::optional<DeliveryId> waited_for(Connection& connection, const TenantId& tenant, const DeliveryId& delivery) {
  Query row{connection, find_waited_for};
  if (!row.integer(never_due_us).text(tenant.str()).uuid(delivery.value).step() || row.is_null(0)) return std::nullopt;
  return DeliveryId{row.uuid_at(0)};
}

}  // namespace opi::sqlite
