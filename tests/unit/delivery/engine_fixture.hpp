#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "audit/hash_chain.hpp"
#include "crypto/digest.hpp"
#include "sqlite/sqlite_audit_log.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
#include "sqlite/sqlite_delivery_query.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "sqlite/sqlite_fleet_store.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"
#include "unit/delivery/engine.hpp"
#include "unit/delivery/faulty_delivery_store.hpp"
#include "unit/delivery/scripted_adapter.hpp"
#include "unit/delivery/stepped_transport.hpp"

namespace opi::test {

inline DestinationId destination_id(int n) {
  DestinationId id;
  id.value.bytes[6] = 0x70;
  id.value.bytes[15] = static_cast<std::uint8_t>(n);
  return id;
}

inline Destination destination(int n, const std::string& tenant = "acme") {
  Destination d;
  d.tenant_id = *TenantId::parse(tenant);
  d.id = destination_id(n);
  d.name = "destination " + std::to_string(n);
  d.adapter = "webhook";
  d.endpoint = "https://h" + std::to_string(n) + ".example/in";
  d.subscriptions = {"*"};
  d.config = "{}";
  d.credentials = {{"signing", 1, "mem://key", std::nullopt}};
  return d;
}

inline delivery::ParsedEvent event(const std::string& id, const std::string& content = "1",
                                   const std::string& tenant = "acme") {
  delivery::ParsedEvent parsed;
  parsed.event.tenant_id = *TenantId::parse(tenant);
  parsed.event.event_id = *EventId::parse(id);
  parsed.event.event_type = "alert.created";
  parsed.event.schema_version = "1.0";
  parsed.event.source = "test";
  parsed.event.timestamp = "2026-11-23T15:04:05Z";
  parsed.event.correlation_id = "c-" + id;
  parsed.event.payload = R"({"n":")" + content + "\"}";
  parsed.content_hash = crypto::sha256(parsed.event.payload);
  return parsed;
}

inline audit::Entry catalog_entry(const std::string& tenant, audit::Action action, const std::string& target) {
  audit::Entry entry;
  entry.tenant = *TenantId::parse(tenant);
  entry.actor_id = "test";
  entry.action = action;
  entry.target = target;
  return entry;
}

// A SQLite database in memory behind a decorator that fails on demand, and one engine over it with tenant "acme"
// and its destination 1.
class WithEngine : public testing::Test {
 protected:
  WithEngine() {
    database.migrate();
    put_tenant("acme");
    put(destination(1));
  }

  void put_tenant(const std::string& id, PolicyOverride policy = {}) {
    catalog_store.put_tenant({*TenantId::parse(id), id, std::move(policy)},
                             catalog_entry(id, audit::Action::tenant_created, "tenant:" + id));
  }
  void put(const Destination& d) {
    catalog_store.put_destination(
        d, catalog_entry(d.tenant_id.str(), audit::Action::destination_changed, "destination:" + d.id.to_string()));
  }
  Engine::Stores stores() { return {store, fleet_store, catalog_store}; }
  Engine& engine() {
    if (!engine_) {
      engine_ = std::make_unique<Engine>(stores(), registry, transport, clock, random, options);
      engine_->catalog.refresh();
      engine_->discover();
      engine_->on_submit = [this] { engine_->intake.run_once(); };
    }
    return *engine_;
  }
  // Stores one event and claims its deliveries: their requests are under way then, unless something forbids it.
  void publish_and_dispatch(const std::string& id = "e-1") {
    engine().intake.submit({event(id)});
    dispatch();
  }
  void dispatch() {
    clock.advance(std::chrono::milliseconds{20});
    engine().discover();
    engine().dispatcher.run_once();
  }
  std::vector<delivery::DeliveryView> deliveries(const std::string& tenant = "acme") {
    return query.list(*TenantId::parse(tenant), {.limit = 200});
  }
  delivery::DeliveryView only_delivery() {
    const auto all = deliveries();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? delivery::DeliveryView{} : all.front();
  }
  std::vector<Attempt> attempts_of(const delivery::DeliveryView& d) { return query.attempts(d.tenant, d.id); }
  Attempt last_attempt() {
    const auto attempts = attempts_of(only_delivery());
    EXPECT_FALSE(attempts.empty());
    return attempts.empty() ? Attempt{} : attempts.back();
  }
  std::shared_ptr<const Destination> stored_destination(int n) {
    return catalog_store.load().destinations.at(destination_id(n));
  }

  ManualClock clock;
  SeededRandom random{1};
  sqlite::SqliteDatabase database{{.path = ":memory:"}};
  sqlite::SqliteDeliveryStore real_store{database, clock};
  FaultyDeliveryStore store{real_store};
  sqlite::SqliteFleetStore fleet_store{database, clock};
  sqlite::SqliteCatalogStore catalog_store{database};
  sqlite::SqliteDeliveryQuery query{database};
  sqlite::SqliteAuditLog audit_log{database};
  SteppedTransport transport;
  ScriptedRegistry registry;
  Engine::Options options;
  std::unique_ptr<Engine> engine_;
};

}  // namespace opi::test
