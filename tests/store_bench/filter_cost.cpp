#include "store_bench/filter_cost.hpp"

#include <algorithm>

#include "delivery/intake.hpp"
#include "domain/new_uuid.hpp"
#include "filtering/exact_json.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "store_bench/bench.hpp"
#include "support/postgres_cluster.hpp"
#include "support/temporary_folder.hpp"
#include "unit/recording_logger.hpp"

namespace opi::store_bench {
namespace {

constexpr int looking = 1000, given = 10, filter_rounds = 3;

// A producer before an intake that commits on his own thread.
class Site {
 public:
  Site(delivery::DeliveryStore& deliveries, delivery::CatalogStore& catalog_store, const RealClock& clock)
      : instruments_{clock, random_, metrics_, logger_},
        news_(scheduler_, deliveries, instruments_, {}, {}),
        store_(catalog_store),
        catalog_(catalog_store, {}),
        intake_(deliveries, catalog_, news_, instruments_,
                [this] {
                  while (intake_.run_once()) {
                  }
                },
                {}) {}

  void add_tenant(const std::string& name, int destinations) {
    const auto tenant = *TenantId::parse(name);
    store_.put_tenant({tenant, name, {}}, entry(tenant));
    for (int i = 0; i < destinations; ++i) {
      Destination one;
      one.tenant_id = tenant;
      one.id = DestinationId{new_uuid(instruments_.clock, random_)};
      one.name = one.adapter = "bench";
      one.endpoint = "https://receiver.example/";
      one.subscriptions = {"*"};
      one.config = "{}";
      if (destinations > given)
        one.filter =
            "@.event_type == \"alert.created\" && @.payload.severity >= 7 && @.payload.tags[?@ == \"customer-" +
            std::to_string(i / given) + "\"]";
      store_.put_destination(one, entry(tenant));
    }
    catalog_.refresh();
  }

  // Milliseconds an event.
  double publish(const std::string& tenant, int events) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < events; ++i) {
      delivery::ParsedEvent parsed;
      auto& event = parsed.event;
      event.tenant_id = *TenantId::parse(tenant);
      event.event_id = *EventId::parse("e-" + std::to_string(++published_));
      event.event_type = "alert.created";
      event.schema_version = "1.0";
      event.source = "bench";
      event.timestamp = "2026-11-23T15:04:05Z";
      event.payload = R"({"severity":8,"title":"Beacon to a host that nobody knows","tags":["eu","prod","customer-)" +
                      std::to_string(i % (looking / given)) + R"("],"asset":{"name":"db-1","owner":"ops"}})";
      parsed.content_hash = crypto::sha256(event.event_id.str());
      intake_.submit({parsed});
    }
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
    return spent.count() / events;
  }

 private:
  audit::Entry entry(const TenantId& tenant) const {
    audit::Entry made;
    made.tenant = tenant;
    made.at = instruments_.clock.unix_now();
    made.action = audit::Action::tenant_created;
    return made;
  }

  test::SeededRandom random_{1};
  telemetry::Metrics metrics_;
  test::RecordingLogger logger_;
  delivery::Instruments instruments_;
  delivery::Scheduler scheduler_{delivery::Scheduler::Options{}};
  delivery::WorkNews news_;
  delivery::CatalogStore& store_;
  delivery::CatalogCache catalog_;
  delivery::Intake intake_;
  int published_ = 0;
};

void compare(const char* name, Site& site, int events) {
  site.add_tenant("filtered", looking);
  site.add_tenant("plain", given);
  std::vector<double> filtered, plain;
  for (int round = 0; round < filter_rounds; ++round) {
    plain.push_back(site.publish("plain", events));
    filtered.push_back(site.publish("filtered", events));
  }
  const double with = median(filtered), without = median(plain);
  std::printf(
      "%-10s %.2f ms an event with %d filters of which %d hold, %.2f ms with %d destinations: %.0f %% of the time\n",
      name, with, looking, given, without, given, 100 * (with - without) / with);
}

void time_filter(const char* name, const std::string& expression, const std::string& json) {
  const auto filter = std::get<filtering::Filter>(filtering::Filter::parse(expression));
  const auto event = filtering::exact_json(json).value();
  std::vector<double> spent;
  for (int round = 0; round < filter_rounds; ++round) {
    const auto start = std::clock();
    const bool holds = filter.matches(event);
    spent.push_back(1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    if (holds) std::printf("%s holds, which it should not\n", name);
  }
  std::printf("%-60s %.3f ms of a processor\n", name, median(spent));
}

// Events of 256 KiB, and filters at their limits that look at all of them and hold of none.
void time_limits() {
  std::string list = R"({"payload":{"a":[0)";
  while (list.size() < 256 * 1024) list += ",0";
  list += "]}}";
  std::string all = "@.payload.a[?@ == 1]";
  const std::string one = all;
  for (int i = 1; i < filtering::FilterLimits::loops; ++i) all += "||" + one;
  time_filter("one condition over 131,000 numbers", one, list);
  time_filter("as many as there can be over 131,000 numbers", all, list);
  const std::string text = R"({"payload":{"t":")" + std::string(256 * 1024 - 32, 'x') + "\"}}";
  time_filter("search for a word in 256 KiB of text", "search(@.payload.t, 'word')", text);
  time_filter("search for a pattern of 200 in 256 KiB of text", "search(@.payload.t, '(x|[a-z]){1,50}[a-z]{1,98}yz')",
              text);
  time_filter("search for letters of any script in 256 KiB of text", "search(@.payload.t, '\\\\p{L}+\\\\p{N}')", text);
  std::vector<double> spent;
  for (int round = 0; round < filter_rounds; ++round) {
    const auto start = std::clock();
    static_cast<void>(filtering::exact_json(list));
    spent.push_back(1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::printf("%-60s %.3f ms of a processor\n", "reading an event of 131,000 numbers, once", median(spent));
}

}  // namespace

void measure_filter_cost(int events) {
  const RealClock clock;
  {
    const test::TemporaryFolder folder;
    sqlite::SqliteDatabase database{{.path = (folder.path() / "opi.db").string()}};
    database.migrate();
    sqlite::SqliteDeliveryStore deliveries{database, clock};
    sqlite::SqliteCatalogStore catalog{database};
    Site site{deliveries, catalog, clock};
    compare("sqlite", site, events);
  }
  {
    test::PostgresCluster cluster{{.settings = {"fsync=on", "full_page_writes=on", "shared_buffers=256MB"}}};
    postgres::PostgresDatabase database{{.connection = cluster.create_database()}};
    database.migrate();
    postgres::PostgresDeliveryStore deliveries{database, clock};
    postgres::PostgresCatalogStore catalog{database};
    Site site{deliveries, catalog, clock};
    compare("postgres", site, events);
  }
  time_limits();
}

}  // namespace opi::store_bench
