#include "audit/checkpointer.hpp"

#include <algorithm>

#include "audit/hash_chain.hpp"
#include "domain/store_errors.hpp"

namespace opi::audit {
namespace {

constexpr int read_at_once = 1'000;

// A checkpoint needs none itself.
std::int64_t unsigned_records(std::int64_t head, std::int64_t signed_to) {
  return head - signed_to - (signed_to > 0 ? 1 : 0);
}

}  // namespace

Checkpointer::Checkpointer(AuditLog& log, const crypto::Ed25519Key& key, TrustedKeys trusted, Witness& witness,
                           const Clock& clock, const Options& options, Report report)
    : log_(log),
      key_(key),
      trusted_(std::move(trusted)),
      witness_(witness),
      clock_(clock),
      options_(options),
      report_(std::move(report)) {}

void Checkpointer::run_once(const std::vector<TenantId>& tenants) {
  std::map<TenantId, Link> heads;  // genesis where there is none
  for (const auto& tenant : tenants) heads.emplace(tenant, genesis(tenant));
  for (const auto& [tenant, watched] : watched_) heads.emplace(tenant, genesis(tenant));
  for (const auto& [tenant, read] : witness_.all()) heads.emplace(tenant, genesis(tenant));
  for (const auto& [name, head] : log_.heads()) {
    const auto tenant = name.empty() ? TenantId{} : TenantId::parse(name);
    if (tenant)
      heads.insert_or_assign(*tenant, head);
    else
      tell(name, "the chain's head is of a name that no tenant can have");
  }
  for (const auto& [tenant, head] : heads) look_or_tell(tenant, head);
  witness_.save();
}

void Checkpointer::look_or_tell(const TenantId& tenant, const Link& head) {
  if (quiet(tenant.str())) return;
  try {
    look(tenant, head);
  } catch (const StoreUnavailable&) {
    throw;
  } catch (const CommitInDoubt&) {
    throw;
  } catch (const std::exception& failure) {
    tell(tenant.str(), std::string("it can be neither read nor signed: ") + failure.what());
  }
}

bool Checkpointer::quiet(const std::string& tenant) const {
  const auto found = quiet_until_.find(tenant);
  return found != quiet_until_.end() && clock_.unix_now() < found->second;
}

void Checkpointer::tell(const std::string& tenant, const std::string& fault) {
  if (quiet(tenant)) return;
  report_(tenant, fault);
  quiet_until_[tenant] = clock_.unix_now() + options_.interval;
}

// From where the witness stands, else from the last checkpoint on, which vouches for what is before it, else from the
// first record.
Checkpointer::Watched Checkpointer::begin(const TenantId& tenant) {
  AuditFilter checkpoints;
  checkpoints.action = Action::audit_checkpoint;
  checkpoints.limit = 1;
  Watched watched;
  watched.read = genesis(tenant);
  watched.unsigned_since = clock_.unix_now();
  const auto last = log_.list(tenant, checkpoints);
  if (last.empty()) {
    const auto first = log_.read(tenant, 0, 1);
    if (!first.empty()) watched.unsigned_since = first.front().entry.at;
  }
  // Whether it holds, the reader finds out that comes by it.
  if (const auto checkpoint = last.empty() ? std::nullopt : parse_checkpoint(last.front())) {
    watched.read = {checkpoint->at.sequence, {}, checkpoint->at.hash};
    watched.signed_to = checkpoint->at.sequence;
    watched.unsigned_since = last.front().entry.at;
  }
  if (const auto read = witness_.find(tenant)) watched.read = *read;
  return watched;
}

bool Checkpointer::due(const Watched& watched, std::int64_t head) const {
  const auto count = unsigned_records(head, watched.signed_to);
  return count > 0 && (count >= options_.records || clock_.unix_now() - watched.unsigned_since >= options_.interval);
}

void Checkpointer::look(const TenantId& tenant, const Link& head) {
  auto found = watched_.find(tenant);
  if (found == watched_.end()) found = watched_.emplace(tenant, begin(tenant)).first;
  auto& watched = found->second;
  const UnixTime now = clock_.unix_now();
  if (!watched.looked)
    if (const auto read = witness_.find(tenant))
      if (const auto fault = Witness::fault_of(log_, tenant, *read)) return tell(tenant.str(), *fault);
  const bool gone = head.sequence == 0;
  const bool set_back = head.sequence < watched.read.sequence ||
                        (head.sequence == watched.read.sequence && head.hash != watched.read.hash);
  if (!set_back && unsigned_records(head.sequence, watched.signed_to) <= 0) watched.unsigned_since = now;
  if (watched.looked && !gone && !set_back && !due(watched, head.sequence)) return;

  ChainReader reader(log_, tenant, watched.read, trusted_);
  while (!reader.next(read_at_once).empty()) continue;
  if (reader.fault()) return tell(tenant.str(), *reader.fault());
  if (reader.head().sequence == 0) return tell(tenant.str(), std::string(empty_trail));
  watched.looked = true;
  watched.read = reader.last();
  witness_.keep(tenant, watched.read);
  watched.signed_to = std::max(watched.signed_to, reader.signed_sequence());
  if (!due(watched, watched.read.sequence)) return;  // another daemon was first
  log_.append({checkpoint_entry(tenant, watched.read, key_, now)});
  watched.signed_to = watched.read.sequence;
  watched.unsigned_since = now;
}

}  // namespace opi::audit
