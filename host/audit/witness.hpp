#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "audit/audit_log.hpp"

namespace opi::audit {

// Where each trail stood when the daemon last read it and found it whole: a file of the daemon's, outside of the
// database. Whoever has the database can take the checkpoints out and make every hash anew, but not lead the trail to
// these hashes with another history. Not thread-safe.
class Witness {
 public:
  static constexpr const char* file_name = "audit-witness.json";  // in the state directory

  // What the file says; nothing if there is none. Throws std::runtime_error naming the file.
  explicit Witness(std::filesystem::path file);

  [[nodiscard]] std::optional<Link> find(const TenantId& tenant) const;  // sequence and hash
  [[nodiscard]] const std::map<TenantId, Link>& all() const { return links_; }
  void keep(const TenantId& tenant, const Link& read);
  // Writes the file, if there is anything new. Throws std::runtime_error naming the file.
  void save();

  // What is wrong with the stored record that the link is of.
  static std::optional<std::string> fault_of(AuditLog& log, const TenantId& tenant, const Link& read);

 private:
  const std::filesystem::path file_;
  std::map<TenantId, Link> links_;
  bool changed_ = false;
};

}  // namespace opi::audit
