#include "postgres/subject_order.hpp"

namespace opi::postgres {
namespace {

using Element = ArrayParameter::Element;

// One order for all who lock several. Subjects that share a bucket wait for each other without need, for the length of
// a transaction; a row lock needs no room in the server's table of locks, and the right to it can be granted.
constexpr Statement lock_all{"lock_subjects", R"(
  SELECT l.bucket FROM integration_subject_locks l
  WHERE l.bucket = ANY (ARRAY(
    SELECT DISTINCT (hashtextextended(n.destination_id::text || ' ' || n.subject, 0) & 65535)::int
    FROM unnest($1::uuid[], $2::text[]) AS n (destination_id, subject)))
  ORDER BY l.bucket FOR UPDATE)"};

constexpr Statement read_subjects{"read_subjects", R"(
  SELECT d.destination_id, d.subject FROM integration_deliveries d
  WHERE d.tenant_id = $1::text AND d.delivery_id = ANY ($2::uuid[]) AND d.subject <> ''
  UNION
  SELECT o.destination_id, o.subject FROM integration_outbox o
  WHERE o.tenant_id = $1::text AND o.delivery_id = ANY ($2::uuid[]) AND o.subject <> '')"};

// A delivery that came back to life (place 0) goes before those that wait, but not beside one that is due or under way,
// which may be another that came back. Of several that come in one call the first goes first.
constexpr Statement wait_behind{"wait_behind", R"(
  UPDATE integration_outbox o SET due_at = 'infinity'
  WHERE o.tenant_id = $1::text AND o.delivery_id = ANY ($2::uuid[]) AND o.subject <> '' AND (
    EXISTS (SELECT 1 FROM integration_outbox b
            WHERE b.destination_id = o.destination_id AND b.subject = o.subject AND b.subject <> ''
              AND (b.place, b.delivery_id) < (o.place, o.delivery_id))
    OR EXISTS (SELECT 1 FROM integration_outbox b
               WHERE b.destination_id = o.destination_id AND b.subject = o.subject AND b.subject <> ''
                 AND b.due_at < 'infinity' AND b.delivery_id <> ALL ($2::uuid[]))
    OR (EXISTS (SELECT 1 FROM integration_deliveries d
                WHERE d.destination_id = o.destination_id AND d.subject = o.subject AND d.subject <> ''
                  AND d.state = 'dead_lettered')
        AND NOT EXISTS (SELECT 1 FROM integration_external_references r
                        WHERE r.tenant_id = o.tenant_id AND r.destination_id = o.destination_id
                          AND r.subject = o.subject))))"};

constexpr Statement wake_first{"wake_first_of_subjects", R"(
  WITH s AS (SELECT DISTINCT n.* FROM unnest($1::uuid[], $2::text[]) AS n (destination_id, subject)), head AS (
    SELECT h.tenant_id, h.delivery_id
    FROM s CROSS JOIN LATERAL (
      SELECT w.tenant_id, w.delivery_id, w.due_at FROM integration_outbox w
      WHERE w.destination_id = s.destination_id AND w.subject = s.subject AND w.subject <> ''
      ORDER BY w.place, w.delivery_id LIMIT 1) h
    WHERE h.due_at = 'infinity'
      AND NOT EXISTS (SELECT 1 FROM integration_outbox b
                      WHERE b.destination_id = s.destination_id AND b.subject = s.subject AND b.subject <> ''
                        AND b.due_at < 'infinity')
      AND NOT (EXISTS (SELECT 1 FROM integration_deliveries d
                       WHERE d.destination_id = s.destination_id AND d.subject = s.subject AND d.subject <> ''
                         AND d.state = 'dead_lettered')
               AND NOT EXISTS (SELECT 1 FROM integration_external_references r
                               WHERE r.tenant_id = h.tenant_id AND r.destination_id = s.destination_id
                                 AND r.subject = s.subject))
  ), woken AS (
    UPDATE integration_outbox o SET due_at = now() FROM head
    WHERE o.tenant_id = head.tenant_id AND o.delivery_id = head.delivery_id
    RETURNING 1
  )
  SELECT count(*) FROM woken)"};

constexpr Statement find_waited_for{"find_waited_for", R"(
  SELECT coalesce(
    (SELECT b.delivery_id FROM integration_outbox b
     WHERE b.destination_id = o.destination_id AND b.subject = o.subject AND b.subject <> '' AND b.due_at < 'infinity'
     LIMIT 1),
    (SELECT d.delivery_id FROM integration_deliveries d
     WHERE d.destination_id = o.destination_id AND d.subject = o.subject AND d.subject <> ''
       AND d.state = 'dead_lettered'
       AND NOT EXISTS (SELECT 1 FROM integration_external_references r
                       WHERE r.tenant_id = o.tenant_id AND r.destination_id = o.destination_id
                         AND r.subject = o.subject)
     ORDER BY d.delivery_id LIMIT 1))
  FROM integration_outbox o
  WHERE o.tenant_id = $1::text AND o.delivery_id = $2::uuid AND o.subject <> '' AND o.due_at = 'infinity')"};

struct Columns {
  explicit Columns(std::span<const OrderedSubject> all) {
    for (const auto& one : all) {
      destinations.add(one.destination.value);
      subjects.add(one.subject);
    }
  }
  ArrayParameter destinations{Element::uuid}, subjects{Element::text};
};

ArrayParameter ids_of(std::span<const DeliveryId> deliveries) {
  ArrayParameter ids{Element::uuid};
  for (const auto& id : deliveries) ids.add(id.value);
  return ids;
}

}  // namespace

void lock_subjects(Connection& connection, std::span<const OrderedSubject> subjects) {
  if (subjects.empty()) return;
  Columns columns(subjects);
  connection.execute(lock_all, Parameters{}.array(columns.destinations).array(columns.subjects));
}

std::vector<OrderedSubject> lock_subjects_of(Connection& connection, const TenantId& tenant,
                                             std::span<const DeliveryId> deliveries) {
  auto ids = ids_of(deliveries);
  const auto rows = connection.execute(read_subjects, Parameters{}.text(tenant.str()).array(ids));
  std::vector<OrderedSubject> subjects;
  for (int i = 0; i < rows.size(); ++i) subjects.push_back({DestinationId{rows.uuid(i, 0)}, rows.string(i, 1)});
  lock_subjects(connection, subjects);
  return subjects;
}

void wait_for_turn(Connection& connection, const TenantId& tenant, std::span<const DeliveryId> deliveries) {
  if (deliveries.empty()) return;
  auto ids = ids_of(deliveries);
  connection.execute(wait_behind, Parameters{}.text(tenant.str()).array(ids));
}

int wake_next(Connection& connection, std::span<const OrderedSubject> subjects) {
  if (subjects.empty()) return 0;
  Columns columns(subjects);
  return static_cast<int>(
      connection.execute(wake_first, Parameters{}.array(columns.destinations).array(columns.subjects)).int8(0, 0));
}

std::optional<DeliveryId> waited_for(Connection& connection, const TenantId& tenant, const DeliveryId& delivery) {
  const auto rows = connection.execute(find_waited_for, Parameters{}.text(tenant.str()).uuid(delivery.value));
  if (rows.empty() || rows.is_null(0, 0)) return std::nullopt;
  return DeliveryId{rows.uuid(0, 0)};
}

}  // namespace opi::postgres
