#pragma once
#include "identity/session_store.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteSessionStore final : public identity::SessionStore {
 public:
  explicit SqliteSessionStore(SqliteDatabase& database) : database_(database) {}
  std::optional<identity::SessionRecord> find(const identity::SessionHash& hash) override;
  void insert(const identity::SessionRecord& session, const audit::Entry& entry) override;
  void insert_link(const identity::PortalLink& link, const audit::Entry& entry) override;
  std::optional<identity::PortalLink> find_link(const identity::PortalLinkHash& hash) override;
  bool insert_by_link(const identity::PortalLinkHash& link, const identity::SessionRecord& session,
                      const audit::Entry& entry) override;
  bool revoke(const identity::SessionHash& hash, UnixTime now, const audit::Entry& entry) override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
