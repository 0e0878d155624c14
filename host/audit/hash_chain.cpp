#include "audit/hash_chain.hpp"

#include "crypto/digest.hpp"

namespace opi::audit {
namespace {

// Length-prefixed, so that no two different lists of fields have the same form.
void append_field(std::string& form, std::string_view field) {
  form += std::to_string(field.size());
  form += ':';
  form += field;
}

std::string_view view(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

}  // namespace

Link genesis(const TenantId& tenant) {
  std::string form = "opi.audit.genesis.v1";
  append_field(form, tenant.str());
  Link link;
  link.hash = crypto::sha256(form);
  return link;
}

Link next_link(const Link& last, const Entry& entry) {
  Link link{last.sequence + 1, last.hash, {}};
  std::string form = "opi.audit.record.v1";
  form.reserve(512);
  append_field(form, view(link.previous));
  append_field(form, std::to_string(link.sequence));
  append_field(form, entry.tenant.str());
  append_field(form, std::to_string(entry.at.time_since_epoch().count()));
  append_field(form, to_string(entry.actor_kind));
  append_field(form, entry.actor_id);
  append_field(form, entry.actor_role);
  append_field(form, to_string(entry.action));
  append_field(form, entry.target);
  append_field(form, entry.correlation_id);
  append_field(form, entry.details);
  link.hash = crypto::sha256(form);
  return link;
}

std::optional<std::string> first_fault(Link last, std::span<const Record> records) {
  for (const auto& record : records) {
    const std::string expected_sequence = std::to_string(last.sequence + 1);
    if (record.link.sequence != last.sequence + 1)
      return "record " + expected_sequence + " is missing: " + std::to_string(record.link.sequence) + " follows " +
             std::to_string(last.sequence);
    if (record.link.previous != last.hash) return "record " + expected_sequence + " does not follow its predecessor";
    if (record.entry.action == Action::unknown || record.entry.actor_kind == ActorKind::unknown)
      return "record " + expected_sequence + " has an action or an actor that this version does not know";
    if (next_link(last, record.entry).hash != record.link.hash) return "record " + expected_sequence + " was changed";
    last = record.link;
  }
  return std::nullopt;
}

}  // namespace opi::audit
