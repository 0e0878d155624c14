#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/hash_chain.hpp"
#include "crypto/ed25519.hpp"

namespace opi::audit {

// An export of one tenant's chain that anybody can check without the database: JSON Lines of a header, records, and
// checkpoints signed with Ed25519, of which the first stands before the first record and the last is marked final.
struct ExportLimits {
  static constexpr std::int64_t checkpoint_interval = 1'000;  // records between two checkpoints
  static constexpr std::size_t line_bytes = 512 * 1024;
};

// Writes an export, line by line. Each function returns whole lines.
class ExportWriter {
 public:
  // `before` is the link that the first record follows; genesis() for a whole chain.
  ExportWriter(TenantId tenant, const Link& before, const crypto::Ed25519Key& key, UnixTime now);

  [[nodiscard]] std::string head() const;
  std::string record(const Record& record);
  [[nodiscard]] std::string end() const;

 private:
  [[nodiscard]] std::string checkpoint(bool final) const;

  const TenantId tenant_;
  const crypto::Ed25519Key& key_;
  const UnixTime now_;
  Link last_;
  std::int64_t records_ = 0;
};

// Checks an export, line by line, and names the first record that was changed, removed, put elsewhere or cut off.
class ExportVerifier {
 public:
  // Without a trusted key the export only proves that it is the work of the key it names.
  explicit ExportVerifier(std::optional<crypto::Ed25519PublicKey> trusted) : trusted_(trusted) {}

  // What is wrong with this line, or nullopt. After a fault no further line is to be given.
  std::optional<std::string> line(std::string_view text);
  // What is wrong with the whole after its last line.
  [[nodiscard]] std::optional<std::string> end() const;

  [[nodiscard]] const TenantId& tenant() const { return tenant_; }
  [[nodiscard]] std::int64_t records() const { return records_; }
  [[nodiscard]] const Link& last() const { return last_; }
  [[nodiscard]] const std::optional<crypto::Ed25519PublicKey>& key() const { return key_; }

 private:
  struct Members;
  std::optional<std::string> header(const Members& members);
  std::optional<std::string> record(const Members& members);
  std::optional<std::string> checkpoint(const Members& members);

  const std::optional<crypto::Ed25519PublicKey> trusted_;
  std::optional<crypto::Ed25519PublicKey> key_;
  TenantId tenant_;
  Link last_;
  std::int64_t line_ = 0, records_ = 0;
  std::int64_t unsigned_records_ = 0;  // since the last checkpoint
  bool started_ = false, final_ = false;
};

}  // namespace opi::audit
