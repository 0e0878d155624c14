#include "ctl/audit_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cerrno>
#include <ostream>
#include <system_error>

#include "audit/audit_export.hpp"
#include "audit/chain_reader.hpp"
#include "audit/signing_key_file.hpp"
#include "crypto/digest.hpp"
#include "ctl/export_file.hpp"
#include "ctl/failure.hpp"
#include "ctl/services.hpp"
#include "ctl/store_access.hpp"
#include "ctl/table.hpp"
#include "domain/timestamp.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr int page = 1'000;

// A new file for its owner's eyes, or standard output. What is not kept is removed.
class Output {
 public:
  Output(std::string name, std::ostream& standard) : name_(std::move(name)), standard_(standard) {
    if (name_ == "-") return;
    descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor_ < 0) fail("cannot be made");
  }
  ~Output() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!kept_) ::unlink(name_.c_str());
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text) {
    if (descriptor_ < 0) {
      standard_ << text;
      return;
    }
    while (!text.empty()) {
      const auto count = ::write(descriptor_, text.data(), text.size());
      if (count < 0 && errno != EINTR) fail("cannot be written");
      if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void finish() {
    if (descriptor_ >= 0 && ::fsync(descriptor_) != 0) fail("cannot be written");
    if (descriptor_ < 0 && !standard_.flush())
      throw failure(exit_conflict, "no-output", "The output cannot be written", "standard output cannot be written");
  }
  void keep() { kept_ = true; }

 private:
  [[noreturn]] void fail(const char* what) {
    const int error = errno;
    throw failure(error == EACCES ? exit_permission : exit_conflict, "no-output", "The output cannot be written",
                  name_ + " " + what + ": " + std::system_category().message(error));
  }
  const std::string name_;
  std::ostream& standard_;
  int descriptor_ = -1;
  bool kept_ = false;
};

crypto::Ed25519Key signing_key(const configuration::Configuration& configuration) {
  const std::filesystem::path file = configuration.audit_key_file();
  try {
    auto key = audit::open_signing_key(
        file, configuration.audit_signing_key.empty() ? audit::MissingKey::made : audit::MissingKey::refused);
    give_to_owner_of_folder(file);
    return key;
  } catch (const std::runtime_error& fault) {
    throw failure(::eaccess(file.parent_path().c_str(), R_OK | W_OK | X_OK) != 0 && errno == EACCES
                      ? exit_permission
                      : exit_configuration,
                  "signing-key", "The signing key cannot be used", fault.what());
  }
}

std::optional<UnixTime> time_option(const Arguments& arguments, const char* name) {
  if (!arguments.has(name)) return std::nullopt;
  const auto time = parse_rfc3339(arguments.get(name));
  if (!time) throw usage_failure("--" + std::string(name) + " must be RFC 3339, such as 2026-11-01T00:00:00Z");
  return time;
}

// The last record before `to`; clocks are not monotonic, so that one between may be later.
std::int64_t end_of(audit::AuditLog& log, const TenantId& tenant, std::optional<UnixTime> to) {
  if (!to) return log.head(tenant).sequence;
  audit::AuditFilter filter;
  filter.to = to;
  filter.limit = 1;
  const auto found = log.list(tenant, filter);
  return found.empty() ? 0 : found.front().link.sequence;
}

audit::Entry export_entry(const Context& context, const TenantId& tenant, std::int64_t after, std::int64_t records) {
  audit::Entry entry;
  entry.tenant = tenant;
  entry.at = context.clock().unix_now();
  entry.actor_id = operating_user();
  entry.actor_role = to_string(Role::system_admin);
  entry.action = audit::Action::audit_exported;
  entry.target = "tenant:" + tenant.str();
  entry.details = json::serialize(json::object{{"after", after}, {"records", records}});
  return entry;
}

}  // namespace

int write_export(Context& context, const Arguments& arguments) {
  const TenantId tenant = arguments.tenant();
  const auto from = time_option(arguments, "from"), to = time_option(arguments, "to");
  auto& log = *context.services().stores().audit;
  const auto key = signing_key(context.configuration());
  const auto last = end_of(log, tenant, to);
  Output output(arguments.get("output"), context.out());
  audit::Link before = audit::genesis(tenant);  // the first record of `from` or later
  std::optional<audit::ExportWriter> writer;
  const auto begin = [&] {
    writer.emplace(tenant, before, key, context.clock().unix_now());
    output.write(writer->head());
  };
  // What does not hold is not signed, nor what follows on it: the file is left unfinished, and removed.
  audit::ChainReader reader(log, tenant, before, trusted_keys(context, arguments));
  while (reader.last().sequence < last && !reader.fault())
    for (const auto& record :
         reader.next(static_cast<int>(std::min<std::int64_t>(page, last - reader.last().sequence)))) {
      if (!writer && from && record.entry.at < *from) {
        before = record.link;
        continue;
      }
      if (!writer) begin();
      output.write(writer->record(record));
    }
  if (reader.last().sequence >= reader.head().sequence) reader.next(1);  // the end is the head's
  if (reader.fault())
    throw failure(exit_findings, "chain-broken", "The audit chain is broken",
                  "the audit chain of " + tenant.str() + " is broken: " + *reader.fault());
  if (!writer) begin();
  output.write(writer->end());
  output.finish();
  const auto count = reader.last().sequence - before.sequence;
  log.append({export_entry(context, tenant, before.sequence, count)});
  output.keep();
  const std::string sentence = "exported " + std::to_string(count) + " records of " + tenant.str();
  if (arguments.get("output") == "-") {
    context.err() << sentence << "\n";
    return exit_ok;
  }
  return tell(context,
              {{"tenant_id", tenant.str()},
               {"after", before.sequence},
               {"records", count},
               {"file", arguments.get("output")},
               {"public_key", crypto::to_base64(key.public_key())}},
              sentence + ", signed with " + crypto::to_base64(key.public_key()));
}

int verify_export(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("file");
  audit::ExportVerifier verifier(given_key(arguments));
  const auto fault = ExportFile(context, name).read(verifier);
  const std::string key = verifier.key() ? crypto::to_base64(*verifier.key()) : "";
  if (context.json()) {
    print_json(context, {{"tenant_id", verifier.tenant().str()},
                         {"records", verifier.records()},
                         {"last_sequence", verifier.last().sequence},
                         {"public_key", key},
                         {"trusted", arguments.has("public-key") && !fault},
                         {"holds", !fault},
                         {"fault", fault ? json::value(*fault) : json::value(nullptr)}});
    return fault ? exit_findings : exit_ok;
  }
  if (fault) throw failure(exit_findings, "export-broken", "The export is broken", name + ": " + *fault);
  tell(context, {},
       name + " holds: " + std::to_string(verifier.records()) + " records of " + verifier.tenant().str() +
           " up to number " + std::to_string(verifier.last().sequence) + ", signed with " + key);
  if (!arguments.has("public-key")) context.err() << "whether that key is the node's was not checked: --public-key\n";
  return exit_ok;
}

}  // namespace opi::ctl
