// Stores ended deliveries of one tenant past the stores and measures what the console asks: pages, references, health,
// dead letters, the feed.
// Usage: opi_read_bench [deliveries [sqlite|postgres [FILE]]]
// FILE: SQLite's, which is kept.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "postgres/postgres_dead_letter_store.hpp"
#include "postgres/postgres_delivery_feed.hpp"
#include "postgres/postgres_delivery_query.hpp"
#include "postgres/postgres_health_query.hpp"
#include "sqlite/query.hpp"
#include "sqlite/sqlite_dead_letter_store.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "sqlite/sqlite_delivery_query.hpp"
#include "sqlite/sqlite_health_query.hpp"
#include "support/manual_clock.hpp"
#include "support/postgres_cluster.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace opi;
using namespace std::chrono_literals;
using delivery::DeliveryFilter;

constexpr int destinations = 20, live = 10'000, rollup_days = 90;
constexpr std::int64_t spacing_ms = 80;  // between two deliveries

const TenantId acme = TenantId::parse("acme").value();

UnixTime now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

DestinationId destination(int n) {
  DestinationId id;
  id.value.bytes[6] = 0x70;
  id.value.bytes[8] = 0x80;
  id.value.bytes[15] = static_cast<std::uint8_t>(1 + n % destinations);
  return id;
}

DeliveryId delivery_id(std::int64_t created_ms, int n) {
  std::array<std::uint8_t, 10> entropy{};
  for (int byte = 0; byte < 4; ++byte)
    entropy[static_cast<std::size_t>(9 - byte)] = static_cast<std::uint8_t>(n >> (8 * byte));
  return DeliveryId{Uuid::v7(std::chrono::milliseconds{created_ms}, entropy)};
}

const char* state_of(int n) { return n % 500 == 0 ? "dead_lettered" : n % 503 == 0 ? "failed" : "delivered"; }

void seed(sqlite::SqliteDatabase& database, int count) {
  static constexpr sqlite::Statement event{"seed_event", R"(
    INSERT INTO integration_events VALUES ('acme', ?, 'alert.created', '1.0', 'bench', '2026-01-01T00:00:00Z', ?, '', ?,
      ?, ?, zeroblob(32), ?, ?, '{}'))"};
  static constexpr sqlite::Statement ended{"seed_delivery", R"(
    INSERT INTO integration_deliveries (tenant_id, delivery_id, destination_id, event_id, idempotency_key, state,
      attempts, created_at_ms, completed_at_ms, lease_token) VALUES ('acme', ?1, ?2, ?3, zeroblob(32), ?4, 1, ?5, ?5, 1))"};
  static constexpr sqlite::Statement pending{"seed_pending", R"(
    INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, idempotency_key, due_at_us,
      created_at_ms) VALUES ('acme', ?1, ?2, ?3, zeroblob(32), ?4 * 1000, ?4))"};
  static constexpr sqlite::Statement attempt{"seed_attempt", R"(
    INSERT INTO integration_delivery_attempts VALUES ('acme', ?1, 1, ?2, 12, 'succeeded', 200, '', '', zeroblob(16), ''))"};
  static constexpr sqlite::Statement entry{"seed_entry", R"(
    INSERT INTO integration_delivery_events VALUES ('acme', ?1, zeroblob(16), 'ticket.delivery.succeeded', ?2, ?3, ?4, '',
      1, ?5))"};
  static constexpr sqlite::Statement sum{"seed_sum", R"(
    INSERT INTO integration_delivery_rollup VALUES ('acme', ?1, ?2, 100, 1, 1, 5, 5000, 900, ?2, 'delivered', 200))"};
  const std::int64_t end = now().time_since_epoch().count();
  const auto session = database.writer();
  session->script("BEGIN", "seed");
  for (int i = 0; i < count + live; ++i) {
    const std::int64_t created = end - (count + live - i) * spacing_ms;
    const auto id = delivery_id(created, i);
    const std::string name = "e" + std::to_string(i);
    sqlite::Query{*session, event}
        .text(name)
        .text("corr-" + std::to_string(i / 4))
        .text("alert-" + std::to_string(i))
        .text(i % 3 == 0 ? "evidence-" + std::to_string(i) : "")
        .text("ticket-" + std::to_string(i / 10))
        .integer(created)
        .blob(id.value.bytes)
        .run();
    if (i >= count) {
      sqlite::Query{*session, pending}.uuid(id.value).uuid(destination(i).value).text(name).integer(created).run();
      continue;
    }
    sqlite::Query{*session, ended}
        .uuid(id.value)
        .uuid(destination(i).value)
        .text(name)
        .text(state_of(i))
        .integer(created)
        .run();
    sqlite::Query{*session, attempt}.uuid(id.value).integer(created).run();
    sqlite::Query{*session, entry}
        .integer(i + 1)
        .uuid(id.value)
        .uuid(destination(i).value)
        .text(name)
        .integer(created)
        .run();
  }
  for (int bucket = 0; bucket < rollup_days * 288; ++bucket)
    for (int n = 0; n < destinations; ++n)
      sqlite::Query{*session, sum}.uuid(destination(n).value).integer((end / 300'000 - bucket) * 300'000).run();
  session->script("INSERT INTO integration_feed_heads VALUES ('acme', " + std::to_string(count) + "); COMMIT", "seed");
}

void seed(const std::string& connection_text, int count) {
  postgres::Connection connection{postgres::plain_settings({.connection = connection_text}, std::chrono::minutes{10})};
  connection.ensure_open();
  const std::string n = std::to_string(count), all = std::to_string(count + live);
  const auto id = [](const std::string& i, const std::string& ms) {
    return "(lpad(to_hex(" + ms + "), 12, '0') || '70008000' || lpad(to_hex(" + i + "), 12, '0'))::uuid";
  };
  const std::string ms =
      "((extract(epoch FROM now()) * 1000)::bigint - (" + all + " - i) * " + std::to_string(spacing_ms) + ")";
  const std::string at = "to_timestamp(" + ms + " / 1000.0)";
  const std::string to = "('00000000-0000-7000-8000-' || lpad(to_hex(1 + i % 20), 12, '0'))::uuid";
  const std::string key = "decode(repeat('00', 32), 'hex')";
  connection.script(
      "BEGIN; INSERT INTO integration_events SELECT 'acme', 'e' || i, 'alert.created', '1.0', 'bench', "
      "'2026-01-01T00:00:00Z', 'corr-' || i / 4, '', 'alert-' || i, CASE WHEN i % 3 = 0 THEN 'evidence-' || i ELSE '' "
      "END, "
      "'ticket-' || i / 10, '{}', " +
          key + ", " + at + ", ARRAY[" + id("i", ms) + "] FROM generate_series(0, " + all +
          " - 1) i; "
          "INSERT INTO integration_deliveries SELECT 'acme', " +
          id("i", ms) + ", " + to + ", 'e' || i, " + key +
          ", CASE WHEN i % 500 = 0 THEN 'dead_lettered' WHEN i % 503 = 0 THEN 'failed' ELSE 'delivered' END, 1, " + at +
          ", " + at + ", 1 FROM generate_series(0, " + n +
          " - 1) i; "
          "INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, idempotency_key, due_at, "
          "created_at) "
          "SELECT 'acme', " +
          id("i", ms) + ", " + to + ", 'e' || i, " + key + ", " + at + ", " + at + " FROM generate_series(" + n + ", " +
          all +
          " - 1) i; "
          "INSERT INTO integration_delivery_attempts SELECT 'acme', " +
          id("i", ms) + ", 1, " + at +
          ", 12, 'succeeded', 200, '', '', '00000000-0000-0000-0000-000000000000', '' FROM generate_series(0, " + n +
          " - 1) i; "
          "INSERT INTO integration_delivery_events SELECT 'acme', i + 1, '00000000-0000-0000-0000-000000000000', "
          "'ticket.delivery.succeeded', " +
          id("i", ms) + ", " + to + ", 'e' || i, '', 1, " + at + " FROM generate_series(0, " + n +
          " - 1) i; "
          "INSERT INTO integration_delivery_rollup SELECT 'acme', ('00000000-0000-7000-8000-' || lpad(to_hex(d), 12, "
          "'0'))::uuid, "
          "date_bin('5 minutes', now(), 'epoch'::timestamptz) - b * interval '5 minutes', 100, 1, 1, 5, 5000, 900, "
          "now(), 'delivered', 200 "
          "FROM generate_series(0, " +
          std::to_string(rollup_days * 288 - 1) +
          ") b, generate_series(1, 20) d; "
          "INSERT INTO integration_feed_heads VALUES ('acme', " +
          n + "); COMMIT; ANALYZE",
      "seed");
}

// The median of some runs.
void measure(const char* engine, const char* what, const std::function<std::size_t()>& ask) {
  std::vector<double> runs;
  std::size_t rows = 0;
  for (int i = 0; i < 7; ++i) {
    const auto start = std::chrono::steady_clock::now();
    rows = ask();
    runs.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(runs);
  std::printf("%-9s %-46s %8.2f ms  (%zu rows)\n", engine, what, runs[runs.size() / 2], rows);
}

void measure_all(const char* engine, int count, delivery::DeliveryQuery& query, delivery::HealthQuery& health,
                 delivery::DeadLetterStore& dead_letters, delivery::DeliveryFeed& feed) {
  const auto list = [&](const DeliveryFilter& filter) {
    return [&query, filter] { return query.list(acme, filter).size(); };
  };
  const std::string middle = std::to_string(count / 2);
  measure(engine, "newest page", list({}));
  measure(engine, "newest page of one destination", list({.destinations = {destination(3)}}));
  measure(engine, "failed of one destination",
          list({.states = {DeliveryState::failed}, .destinations = {destination(3)}}));
  measure(engine, "failed and dead-lettered", list({.states = {DeliveryState::failed, DeliveryState::dead_lettered}}));
  measure(engine, "by correlation id", list({.correlation_id = "corr-" + std::to_string(count / 8)}));
  measure(engine, "by alert id", list({.alert_id = "alert-" + middle}));
  measure(engine, "by evidence id", list({.evidence_id = "evidence-" + std::to_string(count / 2 / 3 * 3)}));
  measure(engine, "by ticket id", list({.ticket_id = "ticket-" + std::to_string(count / 20)}));
  measure(engine, "an hour of one event type",
          list({.event_type = "alert.created", .created_from = now() - 5h, .created_to = now() - 4h}));
  measure(engine, "health, 24 hours",
          [&] { return health.health(acme, now() - 24h, now(), 5min).destinations.size(); });
  measure(engine, "health, 90 days", [&] { return health.health(acme, now() - 24h * 90, now(), 24h).series.size(); });
  measure(engine, "count dead letters", [&] { return static_cast<std::size_t>(dead_letters.count(acme, {})); });
  measure(engine, "count dead letters of a destination",
          [&] { return static_cast<std::size_t>(dead_letters.count(acme, {.destinations = {destination(0)}})); });
  measure(engine, "500 dead letters to replay", [&] { return dead_letters.find(acme, {}, {}, 500).size(); });
  measure(engine, "a page of the feed", [&] { return feed.read(acme, count / 2, {}, 200).size(); });
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const std::string only = argc > 2 ? argv[2] : "";
  const test::ManualClock clock;
  if (only.empty() || only == "sqlite") {
    const test::TemporaryFolder folder;
    sqlite::SqliteDatabase database{{.path = argc > 3 ? argv[3] : (folder.path() / "opi.db").string()}};
    database.migrate();
    seed(database, count);
    sqlite::SqliteDeliveryQuery query{database};
    sqlite::SqliteHealthQuery health{database};
    sqlite::SqliteDeadLetterStore dead_letters{database, clock};
    sqlite::SqliteDeliveryFeed feed{database};
    measure_all("sqlite", count, query, health, dead_letters, feed);
  }
  if (only.empty() || only == "postgres") {
    test::PostgresCluster cluster{{.settings = {"shared_buffers=256MB", "max_wal_size=4GB"}}};
    const auto connection = cluster.create_database();
    postgres::PostgresDatabase database{{.connection = connection}};
    database.migrate();
    seed(connection, count);
    postgres::PostgresDeliveryQuery query{database};
    postgres::PostgresHealthQuery health{database};
    postgres::PostgresDeadLetterStore dead_letters{database};
    postgres::PostgresDeliveryFeed feed{database};
    measure_all("postgres", count, query, health, dead_letters, feed);
  }
}
