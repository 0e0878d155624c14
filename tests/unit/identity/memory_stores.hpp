#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "audit/audit_log.hpp"
#include "identity/session_store.hpp"
#include "identity/token_store.hpp"

namespace opi::test {

class MemoryTokenStore final : public identity::TokenStore {
 public:
  std::optional<identity::TokenRecord> find(const identity::TokenHash& hash) override {
    ++queries;
    if (away) throw StoreUnavailable("away");
    const auto found = tokens.find(hash);
    auto record = found == tokens.end() ? std::nullopt : std::optional{found->second};
    if (on_find) on_find();
    return record;
  }
  bool insert(const identity::TokenRecord& token, const audit::Entry&) override {
    return tokens.try_emplace(token.hash, token).second;
  }
  std::vector<identity::TokenRecord> list(const TenantId&, const identity::TokenPage&) override { return {}; }
  identity::RevokeResult revoke(const TenantId&, const std::string&, UnixTime, const audit::Entry&) override {
    return identity::RevokeResult::unknown;
  }
  std::map<identity::TokenHash, identity::TokenRecord> tokens;
  std::function<void()> on_find;
  int queries = 0;
  bool away = false;
};

class MemorySessionStore final : public identity::SessionStore {
 public:
  std::optional<identity::SessionRecord> find(const identity::SessionHash& hash) override {
    ++queries;
    const auto found = sessions.find(hash);
    return found == sessions.end() ? std::nullopt : std::optional{found->second};
  }
  void insert(const identity::SessionRecord& session, const audit::Entry& entry) override {
    sessions[session.hash] = session;
    entries.push_back(entry);
  }
  bool revoke(const identity::SessionHash& hash, UnixTime now, const audit::Entry& entry) override {
    auto& session = sessions.at(hash);
    if (session.revoked_at) return false;
    session.revoked_at = now;
    entries.push_back(entry);
    return true;
  }
  void insert_link(const identity::PortalLink& link, const audit::Entry&) override { links[link.hash] = link; }
  std::optional<identity::PortalLink> find_link(const identity::PortalLinkHash& hash) override {
    const auto found = links.find(hash);
    auto link = found == links.end() ? std::nullopt : std::optional{found->second};
    if (on_find_link) on_find_link();
    return link;
  }
  bool insert_by_link(const identity::PortalLinkHash& link, const identity::SessionRecord& session,
                      const audit::Entry& entry) override {
    if (links.erase(link) == 0) return false;
    insert(session, entry);
    return true;
  }
  std::map<identity::SessionHash, identity::SessionRecord> sessions;
  std::map<identity::PortalLinkHash, identity::PortalLink> links;
  std::function<void()> on_find_link;
  std::vector<audit::Entry> entries;
  int queries = 0;
};

class MemoryAuditLog final : public audit::AuditLog {
 public:
  void append(const std::vector<audit::Entry>& more) override {
    if (away) throw StoreUnavailable("away");
    entries.insert(entries.end(), more.begin(), more.end());
  }
  std::vector<audit::Record> read(const TenantId&, std::int64_t, int) override { return {}; }
  std::vector<audit::Record> list(const TenantId&, const audit::AuditFilter&) override { return {}; }
  audit::Link head(const TenantId&) override { return {}; }
  std::vector<std::pair<std::string, audit::Link>> heads() override { return {}; }
  std::vector<audit::Entry> entries;
  bool away = false;
};

}  // namespace opi::test
