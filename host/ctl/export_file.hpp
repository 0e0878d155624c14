#pragma once
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "audit/audit_export.hpp"
#include "audit/trail_checkpoint.hpp"
#include "ctl/arguments.hpp"
#include "ctl/context.hpp"

namespace opi::ctl {

// An export of an audit trail that somebody hands us: a file, or standard input.
class ExportFile {
 public:
  // Throws Failure if the file cannot be read.
  ExportFile(Context& context, const std::string& name);

  // Gives each line to the verifier, and what it has then read to `look`; the first fault of either.
  std::optional<std::string> read(audit::ExportVerifier& verifier,
                                  const std::function<std::optional<std::string>()>& look = {});

 private:
  bool next_line(std::string& line);
  std::ifstream opened_;
  std::istream& stream_;
};

// --public-key, if it is given. Throws Failure if it is no key.
std::optional<crypto::Ed25519PublicKey> given_key(const Arguments& arguments);

// Whose signatures count: --public-key, else the node's own key and those of audit.trusted_keys. That the node has
// no key file, or that this user may not read it, is told on standard error; a key is never made.
audit::TrustedKeys trusted_keys(Context& context, const Arguments& arguments);

}  // namespace opi::ctl
