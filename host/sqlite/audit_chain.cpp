#include "sqlite/audit_chain.hpp"

#include <map>

#include "audit/hash_chain.hpp"
#include "sqlite/query.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_head{"read_chain_head", "SELECT sequence, hash FROM audit_chain_heads WHERE tenant_id = ?"};

constexpr Statement insert_record{"insert_audit_record", R"(
  INSERT INTO audit_log (tenant_id, sequence, at_ms, actor_kind, actor_id, actor_role, action, target, correlation_id,
                         details, previous_hash, hash)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))"};

constexpr Statement move_head{"move_chain_head",
                              "UPDATE audit_chain_heads SET sequence = ?2, hash = ?3 WHERE tenant_id = ?1"};

constexpr Statement create_head{"create_chain_head",
                                "INSERT INTO audit_chain_heads (tenant_id, sequence, hash) VALUES (?, ?, ?)"};

bool write_head(Connection& connection, const Statement& statement, const TenantId& tenant, const audit::Link& link) {
  return Query{connection, statement}.text(tenant.str()).integer(link.sequence).blob(link.hash).run() > 0;
}

}  // namespace

audit::Link head_of(Connection& connection, const TenantId& tenant) {
  Query head{connection, read_head};
  if (!head.text(tenant.str()).step()) return audit::genesis(tenant);
  return {head.int8(0), {}, head.bytes32(1)};
}

void append_to_chains(Connection& connection, const std::vector<const audit::Entry*>& entries) {
  std::map<TenantId, audit::Link> heads;
  Query insert{connection, insert_record};
  for (const auto* entry : entries) {
    auto head = heads.find(entry->tenant);
    if (head == heads.end()) head = heads.emplace(entry->tenant, head_of(connection, entry->tenant)).first;
    auto& link = head->second;
    link = audit::next_link(link, *entry);
    insert.text(entry->tenant.str())
        .integer(link.sequence)
        .time(entry->at)
        .text(to_string(entry->actor_kind))
        .text(entry->actor_id)
        .text(entry->actor_role)
        .text(to_string(entry->action))
        .text(entry->target)
        .text(entry->correlation_id)
        .text(entry->details)
        .blob(link.previous)
        .blob(link.hash)
        .run_again();
  }
  for (const auto& [tenant, link] : heads)
    if (!write_head(connection, move_head, tenant, link)) write_head(connection, create_head, tenant, link);
}

}  // namespace opi::sqlite
