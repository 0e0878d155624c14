#pragma once
#include <functional>
#include <map>
#include <string>

#include "delivery/fleet_store.hpp"
#include "sqlite/sqlite_fleet_store.hpp"

namespace opi::simulation {

// The daemons of one database as PostgreSQL keeps them (its contract tests hold the real one to the same rules). What
// destinations are remembered for, and their leases, are in the SQLite database that the world runs on.
class FleetModel {
 public:
  FleetModel(sqlite::SqliteDatabase& database, const Clock& server) : server_(server), memories_(database, server) {}

  delivery::FleetSnapshot beat(const delivery::FleetStore::Terms& terms) {
    const auto micros = [](auto span) { return std::chrono::duration_cast<std::chrono::microseconds>(span).count(); };
    const delivery::DueTime now = micros(server_.unix_now().time_since_epoch());
    if (terms.replaces && *terms.replaces != terms.daemon_id) members_.erase(*terms.replaces);
    const auto known = members_.find(terms.daemon_id);
    if (known == members_.end() || known->second.alive_until <= now) {
      bool others = false;
      for (const auto& [id, member] : members_) others = others || (id != terms.daemon_id && member.alive_until > now);
      members_[terms.daemon_id].owns_from = now + (others ? micros(terms.joining) : 0);
    }
    members_[terms.daemon_id].alive_until = now + micros(terms.lifetime);
    delivery::FleetSnapshot snapshot{.members = {}, .taken_at = now};
    for (const auto& [id, member] : members_)
      if (member.alive_until > now || id == terms.daemon_id) snapshot.members.push_back({id, member.owns_from});
    return snapshot;
  }
  void leave(const std::string& daemon_id) { members_.erase(daemon_id); }

  delivery::FleetStore& memories() { return memories_; }

 private:
  struct Member {
    delivery::DueTime owns_from = 0, alive_until = 0;
  };
  const Clock& server_;
  sqlite::SqliteFleetStore memories_;
  std::map<std::string, Member> members_;
};

}  // namespace opi::simulation
