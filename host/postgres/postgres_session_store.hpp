#pragma once
#include "identity/session_store.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresSessionStore final : public identity::SessionStore {
 public:
  explicit PostgresSessionStore(PostgresDatabase& database) : database_(database) {}
  std::optional<identity::SessionRecord> find(const identity::SessionHash& hash) override;
  void insert(const identity::SessionRecord& session, const audit::Entry& entry) override;
  void insert_link(const identity::PortalLink& link, const audit::Entry& entry) override;
  std::optional<identity::PortalLink> find_link(const identity::PortalLinkHash& hash) override;
  bool insert_by_link(const identity::PortalLinkHash& link, const identity::SessionRecord& session,
                      const audit::Entry& entry) override;
  bool revoke(const identity::SessionHash& hash, UnixTime now, const audit::Entry& entry) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
