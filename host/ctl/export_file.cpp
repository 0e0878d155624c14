#include "ctl/export_file.hpp"

#include <cerrno>
#include <iostream>

#include "audit/signing_key_file.hpp"
#include "ctl/failure.hpp"
#include "node/parts.hpp"

namespace opi::ctl {

ExportFile::ExportFile(Context& context, const std::string& name) : stream_(name == "-" ? context.in() : opened_) {
  if (name == "-") return;
  opened_.open(name, std::ios::binary);
  if (opened_) return;
  const bool denied = errno == EACCES;
  throw failure(denied ? exit_permission : exit_missing, denied ? "permission" : "no-input", "The file cannot be read",
                name + ": cannot be read");
}

// One line without its end; false after the last. A line that is longer than any of an export is cut there, which the
// verifier then refuses.
bool ExportFile::next_line(std::string& line) {
  line.clear();
  for (char c = 0; stream_.get(c);) {
    if (c == '\n') return true;
    line += c;
    if (line.size() > audit::ExportLimits::line_bytes) return true;
  }
  return !line.empty();
}

std::optional<std::string> ExportFile::read(audit::ExportVerifier& verifier,
                                            const std::function<std::optional<std::string>()>& look) {
  for (std::string line; next_line(line);) {
    if (auto fault = verifier.line(line)) return fault;
    if (auto fault = look ? look() : std::nullopt) return fault;
  }
  return verifier.end();
}

std::optional<crypto::Ed25519PublicKey> given_key(const Arguments& arguments) {
  if (!arguments.has("public-key")) return std::nullopt;
  const std::string given = arguments.get("public-key");
  if (const auto key = crypto::ed25519_public_key(given)) return key;
  std::ifstream file(given, std::ios::binary);
  if (!file)
    throw failure(exit_missing, "no-input", "The file cannot be read",
                  "--public-key is neither a key nor a file that can be read");
  std::string text(4096, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const auto key = crypto::ed25519_public_key(text);
  if (!key)
    throw failure(exit_data, "invalid-content", "The content is not valid", given + ": holds no Ed25519 public key");
  return key;
}

audit::TrustedKeys trusted_keys(Context& context, const Arguments& arguments) {
  if (const auto key = given_key(arguments)) return {*key};
  const auto& configuration = context.configuration();
  auto keys = node::trusted_audit_keys(configuration);
  std::string why;
  try {
    if (const auto own = audit::read_signing_key(configuration.audit_key_file())) {
      keys.push_back(own->public_key());
      return keys;
    }
    why = configuration.audit_key_file() + " is not there";
  } catch (const std::runtime_error& fault) {
    why = fault.what();
  }
  if (keys.empty())
    context.err() << "whether signatures are the node's was not checked: " << why << "; --public-key\n";
  else
    context.err() << "only the signatures of audit.trusted_keys count: " << why << "\n";
  return keys;
}

}  // namespace opi::ctl
