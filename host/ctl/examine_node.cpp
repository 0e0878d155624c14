#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "audit/signing_key_file.hpp"
#include "ctl/findings.hpp"
#include "egress/ip_address.hpp"
#include "node/parts.hpp"

namespace opi::ctl {
namespace {

namespace fs = std::filesystem;
using configuration::Configuration;

constexpr mode_t by_others = S_IRWXG | S_IRWXO;
constexpr std::uintmax_t mebibyte = 1024 * 1024;
constexpr std::uintmax_t little_space = 1024 * mebibyte, no_space = 100 * mebibyte;

std::optional<struct stat> status_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? std::optional{status} : std::nullopt;
}

void examine_private_file(const fs::path& file, Findings& findings) {
  const auto status = status_of(file);
  if (status && audit::is_open_to_others(*status))
    findings.warning("permissions", file.string() + " can be read by others than its owner",
                     "chmod 600 " + file.string());
}

// With the eyes that the examination has: as a rule the daemon's.
void examine_readable(const std::string& key, const fs::path& file, Findings& findings) {
  if (file.empty() || ::eaccess(file.c_str(), R_OK) == 0) return;
  findings.error("permissions",
                 key + " " + file.string() + " cannot be read by user " + std::to_string(::geteuid()) + ": " +
                     std::generic_category().message(errno),
                 "let the daemon's user read it, and nobody else whom it does not concern");
}

void examine_space(const fs::path& folder, Findings& findings) {
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0) return;  // that it is missing is another finding
  const std::uintmax_t free = static_cast<std::uintmax_t>(space.f_bavail) * space.f_frsize;
  const std::string message = std::to_string(free / mebibyte) + " MiB are free at " + folder.string();
  if (free < no_space)
    findings.error("disk space", message, "make room: without it nothing more is accepted");
  else if (free < little_space)
    findings.warning("disk space", message, "make room, or shorten the ages of retention");
  else
    findings.ok("disk space", message);
}

// A file that the daemon cannot write is one that stops it, sooner or later.
void examine_owners(const fs::path& folder, uid_t owner, Findings& findings) {
  std::error_code fault;
  for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, fault), end;
       !fault && at != end; at.increment(fault)) {
    // The private folder of another command that runs now; it goes with it.
    if (at->path().filename().string().starts_with("integrationsctl.")) {
      at.disable_recursion_pending();
      continue;
    }
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) == 0 && status.st_uid != owner)
      findings.error("permissions", at->path().string() + " does not belong to the owner of its folder",
                     "chown it to the daemon's user");
  }
  if (fault)
    findings.warning("permissions", folder.string() + " cannot be looked through: " + fault.message(),
                     "run doctor as root");
}

// A guard with such an entry guards little.
void examine_entry(const std::string& entry, bool relaxed, Findings& findings) {
  const std::string remedy = "name in egress.allow only the blocks in which receivers are";
  std::string error;
  const auto parsed = egress::parse_allow_list(std::array{entry}, error);
  if (!error.empty() || parsed.empty()) return;
  const auto& block = parsed.front();
  const auto covers = [&](const char* address) {
    const auto known = egress::IpAddress::parse(address);
    return known && block.contains(*known);
  };
  if (block.prefix == 0)
    findings.error("egress guard", "egress.allow has " + entry + ": every private address can be reached", remedy);
  else if (block.prefix < (block.base.v6 ? 32 : 8))
    findings.warning("egress guard", "egress.allow has " + entry + ", a very large block", remedy);
  if (block.prefix == block.base.bits() && (covers("169.254.169.254") || covers("fd00:ec2::254")))
    findings.warning("egress guard", "egress.allow has " + entry + ", a cloud's metadata service", remedy);
  else if (block.prefix > 0 && !relaxed && (covers("127.0.0.1") || covers("::1")))
    findings.warning("egress guard",
                     "egress.allow has " + entry + ": tenants can reach what listens on this node alone", remedy);
}

bool is_loopback(const std::string& text) {
  const auto address = egress::IpAddress::parse(text);
  return text == "localhost" || (address && (address->v6 ? text == "::1" : address->bytes[0] == 127));
}

}  // namespace

void examine_configuration(const Context& context, Findings& findings) {
  const auto before = findings.all().size();
  for (const auto& error : context.configuration_errors())
    findings.error("configuration", error, "integrationsd --print-config describes every key");
  for (const auto& fault : node::faults(context.configuration()))
    findings.error("configuration", fault, "integrationsd --print-config describes every key");
  const auto& c = context.configuration();
  if (c.relaxed())
    findings.warning("configuration",
                     "general.environment is " + std::string(configuration::to_string(c.environment)) +
                         ": signing may be switched off and local secrets are used",
                     "set it to production where real events are");
  const bool holds_password =
      c.postgres_connection_file.empty() && c.postgres_connection.find("password") != std::string::npos;
  if (holds_password && !context.config_file().empty()) examine_private_file(context.config_file(), findings);
  if (!c.postgres_connection_file.empty()) examine_private_file(c.postgres_connection_file, findings);
  examine_private_file(c.audit_key_file(), findings);
  if (!c.audit_signing_key.empty() && !status_of(c.audit_signing_key))
    findings.error("audit", "the signing key " + c.audit_signing_key + " is not there, or may not be looked at",
                   "make it once: openssl genpkey -algorithm ed25519 -out FILE; give every daemon the same");
  else
    examine_readable("audit.signing_key_file", c.audit_signing_key, findings);
  examine_readable("the configuration file", context.config_file(), findings);
  examine_readable("store.postgres_connection_file", c.postgres_connection_file, findings);
  examine_readable("identity.jwt_keys", c.jwt_keys, findings);
  examine_readable("egress.ca_file", c.egress_ca_file, findings);
  examine_readable("egress.proxy_credentials_file", c.egress_proxy_credentials_file, findings);
  if (c.audit_signing_key.empty() && c.shares_audit_trail())
    findings.warning("audit", "no key of all daemons is named: the audit trail has no signed checkpoints",
                     "name one in audit.signing_key_file, the same on every node");
  if (findings.clean_since(before))
    findings.ok("configuration", context.config_file().empty() ? "no file: defaults and environment are valid"
                                                               : context.config_file() + " is valid");
}

void examine_network(const Configuration& configuration, Findings& findings) {
  const auto before = findings.all().size();
  for (const auto& entry : configuration.egress_allow) examine_entry(entry, configuration.relaxed(), findings);
  if (configuration.egress_plain_http == configuration::PlainHttp::any)
    findings.warning("egress guard", "egress.plain_http is any: deliveries may cross the internet in the clear",
                     "name in egress.allow the receivers that have no TLS");
  if (findings.clean_since(before))
    findings.ok("egress guard", configuration.egress_allow.empty()
                                    ? "private and special addresses are refused, without exception"
                                    : std::to_string(configuration.egress_allow.size()) + " listed in egress.allow");
  if (!is_loopback(configuration.api_address))
    findings.warning("addresses", "the API listens on " + configuration.api_address + ", without TLS of its own",
                     "let it listen on 127.0.0.1, behind a proxy that speaks TLS");
  if (!is_loopback(configuration.status_address))
    findings.warning("addresses",
                     "health and metrics listen on " + configuration.status_address + " and ask for no token",
                     "keep that port from the public by a firewall");
  if (is_loopback(configuration.api_address) && is_loopback(configuration.status_address))
    findings.ok("addresses", "API and status listen on loopback only");
}

void examine_state(const Configuration& configuration, Findings& findings) {
  const fs::path folder = configuration.state_directory;
  const auto status = status_of(folder);
  if (!status) {
    findings.warning("state", folder.string() + " is not there yet, or may not be looked at",
                     "the first start makes it; systemd gives it to the daemon's user");
  } else if (!S_ISDIR(status->st_mode)) {
    findings.error("state", folder.string() + " is not a folder", "set general.state_directory to one");
  } else {
    const auto before = findings.all().size();
    if ((status->st_mode & by_others) != 0)
      findings.warning("permissions", folder.string() + " is open to others than its owner",
                       "chmod 700 " + folder.string());
    if (::eaccess(folder.c_str(), R_OK | W_OK | X_OK) != 0)
      findings.error("permissions", folder.string() + " cannot be used by this user",
                     "run doctor as root or as the daemon's user");
    else
      examine_owners(folder, status->st_uid, findings);
    if (findings.clean_since(before)) findings.ok("state", folder.string() + " is private, and all in it its owner's");
  }
  if (status) examine_space(folder, findings);
  const fs::path data = fs::path(configuration.sqlite_file()).parent_path();
  if (configuration.store_engine == configuration::StoreEngine::sqlite && data != folder) examine_space(data, findings);
}

}  // namespace opi::ctl
