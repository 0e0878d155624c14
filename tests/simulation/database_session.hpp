#pragma once
#include <algorithm>
#include <functional>

#include "delivery/catalog_cache.hpp"
#include "simulation/clocks.hpp"
#include "simulation/faults.hpp"
#include "simulation/fleet_model.hpp"
#include "simulation/inbox_model.hpp"
#include "simulation/witness.hpp"
#include "sqlite/sqlite_delivery_store.hpp"

namespace opi::simulation {

// One daemon's way to the database: the real SQLite store, made to behave as PostgreSQL does over a network. What it
// writes may become visible late, commits may be in doubt, and an operation may take so long, before it happens or
// before its answer comes, that the rest of the world goes on meanwhile.
class DatabaseSession final : public delivery::DeliveryStore, public delivery::FleetStore, public delivery::Inbox {
 public:
  struct World {
    sqlite::SqliteDatabase& database;
    const Clock& server;
    FleetModel& fleet;
    InboxModel& inbox;
    Witness& witness;
    Faults& faults;
    std::function<void(const std::string& daemon, std::chrono::milliseconds)> stand_still;
  };
  DatabaseSession(const World& world, std::string daemon, const Clock& clock)
      : world_(world), daemon_(std::move(daemon)), clock_(world.server, clock), store_(world.database, clock_) {}

  // By whose limits it claims.
  const delivery::CatalogCache* catalog = nullptr;

  delivery::InsertReport insert(std::span<const delivery::NewEvent> events, std::int64_t revision) override {
    return guarded(Operation::insert, [&](bool) {
      const SessionClock::Lag lag(clock_, world_.faults.lag());
      auto report = store_.insert(events, revision);
      world_.witness.stored(events, report);
      return report;
    });
  }
  std::vector<bool> stored(std::span<const delivery::NewEvent> events) override {
    return guarded(Operation::stored, [&](bool) { return store_.stored(events); });
  }
  // Nobody hears it: notifications may be lost, and what must come to pass without them does.
  void announce(std::span<const DestinationId>) override {}

  std::vector<delivery::Claim> claim(std::span<const delivery::ClaimRequest> requests,
                                     const delivery::ClaimTerms& terms) override {
    return guarded(Operation::claim, [&](bool told) {
      auto claims = store_.claim(requests, terms);
      world_.witness.claimed(daemon_, requests, terms, claims, *catalog->current(), told);
      return claims;
    });
  }
  std::vector<delivery::SettleResult> settle(std::span<const delivery::Settlement> settlements) override {
    try {
      return guarded(Operation::settle, [&](bool told) {
        for (const auto& one : settlements)
          if (world_.faults.refuses(one.delivery_event_id())) throw StoreRefused("injected: against the schema");
        const SessionClock::Lag lag(clock_, world_.faults.lag());
        auto results = store_.settle(settlements);
        world_.witness.settled(daemon_, settlements, results, told);
        return results;
      });
    } catch (const StoreUnavailable&) {
      throw;
    } catch (const CommitInDoubt&) {
      throw;
    } catch (const std::exception& failure) {
      // One of them is why; it is refused again whenever it comes.
      if (dynamic_cast<const StoreRefused*>(&failure) != nullptr &&
          std::ranges::none_of(settlements,
                               [&](const auto& one) { return world_.faults.refuses(one.delivery_event_id()); }))
        world_.faults.refuse(settlements.front().delivery_event_id());
      if (settlements.size() == 1) world_.witness.given_up(settlements.front().claim());
      throw;
    }
  }
  void release(std::span<const delivery::Claim> claims) override {
    guarded(Operation::release, [&](bool) {
      store_.release(claims);
      world_.witness.released(claims);
      return 0;
    });
  }
  std::vector<delivery::Claim> take_over_expired(int limit, const std::string& daemon,
                                                 std::chrono::milliseconds lease) override {
    return guarded(Operation::take_over, [&](bool) {
      auto claims = store_.take_over_expired(limit, daemon, lease);
      world_.witness.taken_over(daemon, claims, lease);
      return claims;
    });
  }
  int wake_stranded() override {
    return guarded(Operation::release, [&](bool) { return store_.wake_stranded(); });
  }
  std::vector<delivery::DueDestination> due_destinations(std::span<const delivery::DueSearch> searches) override {
    return guarded(Operation::discover, [&](bool) { return store_.due_destinations(searches); });
  }

  int drain(int limit, const Take& take) override {
    using test::StoreFault;
    stand_still();
    const StoreFault fault = world_.faults.of(Operation::insert);
    if (fault == StoreFault::unavailable) throw StoreUnavailable("injected: the store is away");
    InboxModel::Batch batch(world_.inbox, limit);
    if (batch.events.empty()) return 0;
    const auto refusals = take(batch.envelopes);
    stand_still();
    if (fault == StoreFault::in_doubt_lost) throw CommitInDoubt("injected: the connection was lost");
    batch.commit(refusals);
    if (fault == StoreFault::in_doubt_done) throw CommitInDoubt("injected: the connection was lost");
    return static_cast<int>(refusals.size());
  }

  delivery::FleetSnapshot beat(const Terms& terms) override {
    return guarded(Operation::release, [&](bool) { return world_.fleet.beat(terms); });
  }
  void leave(const std::string& daemon) override { world_.fleet.leave(daemon); }
  Roll roll() override { return world_.fleet.memories().roll(); }  // nobody asks here
  void remember(std::span<const delivery::DestinationMemory> destinations, const std::string& daemon_id) override {
    guarded(Operation::release, [&](bool) {
      world_.fleet.memories().remember(destinations, daemon_id);
      world_.witness.remembered(destinations);
      return 0;
    });
  }
  std::vector<delivery::DestinationMemory> recall(std::span<const DestinationId> destinations,
                                                  const std::string& daemon) override {
    return guarded(Operation::discover, [&](bool) { return world_.fleet.memories().recall(destinations, daemon); });
  }

 private:
  using Operation = test::StoreOperation;

  template <class Run>
  std::invoke_result_t<Run, bool> guarded(Operation operation, Run run) {
    using test::StoreFault;
    stand_still();
    const StoreFault fault = world_.faults.of(operation);
    if (fault == StoreFault::unavailable) throw StoreUnavailable("injected: the store is away");
    if (fault == StoreFault::refused) throw StoreRefused("injected: against the schema");
    if (fault == StoreFault::in_doubt_lost) throw CommitInDoubt("injected: the connection was lost");
    auto result = run(fault != StoreFault::in_doubt_done);
    stand_still();
    if (fault == StoreFault::in_doubt_done) throw CommitInDoubt("injected: the connection was lost");
    return result;
  }
  void stand_still() {
    if (const auto time = world_.faults.stall(); time.count() > 0) world_.stand_still(daemon_, time);
  }

  const World world_;
  const std::string daemon_;
  SessionClock clock_;
  sqlite::SqliteDeliveryStore store_;
};

}  // namespace opi::simulation
