#pragma once
#include <optional>
#include <string>
#include <vector>

#include "audit/hash_chain.hpp"
#include "crypto/ed25519.hpp"

namespace opi::audit {

// A checkpoint is itself a record of the trail (Action::audit_checkpoint): a signed statement that the chain, up to an
// earlier record, had this hash. Whoever rewrites history can make hashes anew, and signatures only with the key.

// The keys whose checkpoints count. With none of them a checkpoint only proves to be the work of the key it names.
using TrustedKeys = std::vector<crypto::Ed25519PublicKey>;

Entry checkpoint_entry(const TenantId& tenant, const Link& at, const crypto::Ed25519Key& key, UnixTime now);

struct TrailCheckpoint {
  Link at;  // sequence and hash of what it vouches for
  crypto::Ed25519PublicKey key{};
  crypto::Ed25519Signature signature{};
};

// nullopt unless the record is a checkpoint whose details are those of one, of an earlier record.
std::optional<TrailCheckpoint> parse_checkpoint(const Record& record);

// What is wrong with `record`, which calls itself a checkpoint, given the stored record of the sequence that it names
// (nullptr: there is none).
std::optional<std::string> checkpoint_fault(const Record& record, const Record* named, const TrustedKeys& trusted);

}  // namespace opi::audit
