#include "postgres/audit_chain.hpp"

#include <map>

#include "audit/hash_chain.hpp"

namespace opi::postgres {
namespace {

using Element = ArrayParameter::Element;
using Heads = std::map<TenantId, audit::Link>;  // in lock order

constexpr Statement lock_heads{"lock_chain_heads", R"(
  SELECT h.tenant_id, h.sequence, h.hash
  FROM unnest($1::text[]) AS t (tenant_id) JOIN audit_chain_heads h ON h.tenant_id = t.tenant_id
  FOR UPDATE OF h)"};

constexpr Statement create_heads{"create_chain_heads", R"(
  INSERT INTO audit_chain_heads (tenant_id, sequence, hash)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[]) ON CONFLICT (tenant_id) DO NOTHING)"};

constexpr Statement insert_records{"insert_audit_records", R"(
  INSERT INTO audit_log (tenant_id, sequence, at, actor_kind, actor_id, actor_role, action, target, correlation_id,
                         details, previous_hash, hash)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::text[], $9::text[], $10::text[], $11::bytea[], $12::bytea[]))"};

constexpr Statement move_heads{"move_chain_heads", R"(
  UPDATE audit_chain_heads h SET sequence = n.sequence, hash = n.hash
  FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS n (tenant_id, sequence, hash)
  WHERE h.tenant_id = n.tenant_id)"};

// Reads and locks the heads of `tenants`; those without one are missing from the answer.
Heads locked_heads(Connection& connection, const Heads& tenants) {
  ArrayParameter ids{Element::text};
  for (const auto& [tenant, link] : tenants) ids.add(tenant.str());
  const auto rows = connection.execute(lock_heads, Parameters{}.array(ids));
  Heads heads;
  for (int i = 0; i < rows.size(); ++i) {
    const auto text = rows.text(i, 0);
    heads[text.empty() ? TenantId{} : TenantId::parse(text).value()] = {rows.int8(i, 1), {}, rows.bytes32(i, 2)};
  }
  return heads;
}

void write_heads(Connection& connection, const Statement& statement, const Heads& heads) {
  ArrayParameter ids{Element::text}, sequences{Element::int8}, hashes{Element::bytea};
  for (const auto& [tenant, link] : heads) {
    ids.add(tenant.str());
    sequences.add_int8(link.sequence);
    hashes.add(link.hash);
  }
  connection.execute(statement, Parameters{}.array(ids).array(sequences).array(hashes));
}

}  // namespace

void append_to_chains(Connection& connection, const std::vector<const audit::Entry*>& entries) {
  if (entries.empty()) return;
  Heads wanted;
  for (const auto* entry : entries) wanted.try_emplace(entry->tenant, audit::genesis(entry->tenant));
  auto heads = locked_heads(connection, wanted);
  if (heads.size() < wanted.size()) {
    write_heads(connection, create_heads, wanted);  // the tenant's first record; a rival may win, so lock again
    heads = locked_heads(connection, wanted);
  }

  ArrayParameter sequences{Element::int8}, times{Element::timestamptz}, previous{Element::bytea},
      hashes{Element::bytea};
  std::vector<ArrayParameter> texts(8, ArrayParameter{Element::text});
  for (const auto* entry : entries) {
    auto& head = heads.at(entry->tenant);
    head = audit::next_link(head, *entry);
    const std::string_view values[]{
        entry->tenant.str(), to_string(entry->actor_kind), entry->actor_id, entry->actor_role, to_string(entry->action),
        entry->target,       entry->correlation_id,        entry->details};
    for (std::size_t i = 0; i < texts.size(); ++i) texts[i].add(values[i]);
    sequences.add_int8(head.sequence);
    times.add_time(entry->at);
    previous.add(head.previous);
    hashes.add(head.hash);
  }
  Parameters parameters;
  parameters.array(texts[0]).array(sequences).array(times);
  for (std::size_t i = 1; i < texts.size(); ++i) parameters.array(texts[i]);
  connection.execute(insert_records, parameters.array(previous).array(hashes));
  write_heads(connection, move_heads, heads);
}

}  // namespace opi::postgres
