#pragma once
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_log.hpp"
#include "audit/trail_checkpoint.hpp"

namespace opi::audit {

// What is wrong with a trail of which neither record nor head is there.
inline constexpr std::string_view empty_trail =
    "record 1 is missing: the trail is empty, without the record of its tenant's creation";

// Reads a stored chain from a link on, and finds out whether it is one: each record against its predecessor, the last
// against the chain's head, the head against what lies beyond it, and the signed checkpoints on the way. Reads up to
// the head that there is when it is made; what is appended meanwhile is left to the next reader.
class ChainReader {
 public:
  ChainReader(AuditLog& log, TenantId tenant, const Link& from, TrustedKeys trusted);

  // The next records, at most `limit`; none at the end of the chain or of what holds of it. Throws what the log throws.
  std::vector<Record> next(int limit);
  // The first one, naming its record; what came before it holds.
  [[nodiscard]] const std::optional<std::string>& fault() const { return fault_; }

  [[nodiscard]] const Link& head() const { return head_; }  // of the chain, when the reading began
  [[nodiscard]] const Link& last() const { return last_; }  // that was read and holds
  // Up to where a checkpoint that was read vouches for the chain; 0 if none was.
  [[nodiscard]] std::int64_t signed_sequence() const { return signed_; }

 private:
  std::optional<std::string> fault_at_end();
  std::optional<std::string> fault_of_checkpoints(const std::vector<Record>& records);

  AuditLog& log_;
  const TenantId tenant_;
  const TrustedKeys trusted_;
  Link head_, last_;
  std::int64_t signed_ = 0;
  std::optional<std::string> fault_;
};

}  // namespace opi::audit
