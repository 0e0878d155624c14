#include <algorithm>
#include <boost/json/array.hpp>

#include "audit/chain_check.hpp"
#include "audit/witness.hpp"
#include "crypto/digest.hpp"
#include "ctl/audit_file.hpp"
#include "ctl/export_file.hpp"
#include "ctl/failure.hpp"
#include "ctl/services.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr int compared_at_once = 1'000;

int list_audit(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/audit", "records",
              {{"SEQUENCE", "sequence"},
               {"TIME", "at"},
               {"ACTOR", "actor.id"},
               {"ROLE", "actor.role"},
               {"ACTION", "action"},
               {"TARGET", "target"},
               {"CORRELATION", "correlation_id"}});
}

int show_record(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, "/audit/" + segment(arguments.get("SEQUENCE"))));
}

void expect_known(Context& context, const TenantId& tenant) {
  if (tenant != audit::system_tenant() && !context.services().catalog()->tenants.contains(tenant))
    throw failure(exit_missing, "not-found", "Not found", "there is no tenant " + tenant.str());
}

// What differs between the stored trail and an export of it; nullopt if the export is a part of the trail.
std::optional<std::string> difference(Context& context, const TenantId& tenant, const std::string& name,
                                      const audit::TrustedKeys& trusted) {
  auto& log = *context.services().stores().audit;
  audit::ExportVerifier verifier(std::nullopt);
  std::vector<audit::Record> stored;  // a page, ascending
  const auto look = [&]() -> std::optional<std::string> {
    if (verifier.tenant() != tenant) return "it is an export of " + verifier.tenant().str();
    if (!trusted.empty() && std::ranges::find(trusted, *verifier.key()) == trusted.end())
      return "it is signed with another key than the trusted ones: " + crypto::to_base64(*verifier.key());
    const auto& link = verifier.last();
    if (link.sequence == 0) return std::nullopt;
    if (stored.empty() || stored.back().link.sequence < link.sequence)
      stored = log.read(tenant, link.sequence - 1, compared_at_once);
    const auto found = std::ranges::find(stored, link.sequence, [](const auto& one) { return one.link.sequence; });
    const std::string record = "record " + std::to_string(link.sequence);
    if (found == stored.end()) return record + " of the export is missing in the store";
    if (found->link.hash != link.hash) return record + " is another one in the store: the trail was rewritten";
    return std::nullopt;
  };
  return ExportFile(context, name).read(verifier, look);
}

// What a daemon of this state directory read before, and the store no longer has. A witness that this user may not read
// is told of on standard error.
std::optional<std::string> fault_against_witness(Context& context, const TenantId& tenant) {
  std::optional<audit::Link> read;
  try {
    read = audit::Witness(context.configuration().state_directory + "/" + audit::Witness::file_name).find(tenant);
  } catch (const std::runtime_error& fault) {
    context.err() << "the trail was not held against what the daemon read before: " << fault.what() << "\n";
  }
  if (!read) return std::nullopt;
  return audit::Witness::fault_of(*context.services().stores().audit, tenant, *read);
}

// That of the installation is empty before anything happened; its tokens are on record in it.
std::optional<std::string> fault_of_emptiness(Context& context, const TenantId& tenant) {
  if (tenant != audit::system_tenant()) return std::nullopt;
  identity::TokenPage one;
  one.limit = 1;
  if (context.services().stores().tokens->list(TenantId{}, one).empty()) return std::nullopt;
  return "record 1 is missing: the trail is empty, and the installation has tokens";
}

int verify_stored(Context& context, const Arguments& arguments) {
  const TenantId tenant = arguments.tenant();
  expect_known(context, tenant);
  const auto trusted = trusted_keys(context, arguments);
  auto check = audit::check_chain(*context.services().stores().audit, tenant, trusted);
  if (!check.fault) check.fault = fault_against_witness(context, tenant);
  if (!check.fault && check.head.sequence == 0) check.fault = fault_of_emptiness(context, tenant);
  const bool compared = arguments.has("against");
  if (compared && !check.fault)
    if (const auto differs = difference(context, tenant, arguments.get("against"), trusted))
      check.fault = "against " + arguments.get("against") + ": " + *differs;
  if (context.json()) {
    print_json(context, {{"tenant_id", tenant.str()},
                         {"records", check.head.sequence},
                         {"head_hash", crypto::to_hex(check.head.hash)},
                         {"checked", check.checked},
                         {"signed_sequence", check.signed_sequence},
                         {"trusted", !trusted.empty()},
                         {"holds", !check.fault},
                         {"fault", check.fault ? json::value(*check.fault) : json::value(nullptr)}});
    return check.fault ? exit_findings : exit_ok;
  }
  if (check.fault)
    throw failure(exit_findings, "chain-broken", "The audit chain is broken",
                  "the audit chain of " + tenant.str() + " is broken: " + *check.fault);
  const std::string signed_part =
      check.signed_sequence == 0 ? "" : ", signed up to " + std::to_string(check.signed_sequence);
  return tell(context, {},
              "the audit chain of " + tenant.str() + " holds: " + std::to_string(check.head.sequence) + " records" +
                  signed_part + (compared ? ", and has all that " + arguments.get("against") + " has" : ""));
}

int verify(Context& context, const Arguments& arguments) {
  if (arguments.has("file") == arguments.has("tenant"))
    throw usage_failure("audit verify takes --tenant (the stored chain) or --file (an export)");
  if (!arguments.has("file")) return verify_stored(context, arguments);
  if (arguments.has("against")) throw usage_failure("--against goes with --tenant");
  return verify_export(context, arguments);
}

int run_export(Context& context, const Arguments& arguments) {
  expect_known(context, arguments.tenant());
  return write_export(context, arguments);
}

}  // namespace

std::vector<Command> audit_commands() {
  using enum Option::Use;
  const Option owner{"tenant", "TENANT", "whose trail; _system is the installation's", own, true};
  Option checked = owner;
  checked.required = false;
  checked.description = "check the stored trail of this tenant; _system is the installation's";
  return {
      {"audit list",
       "the audit trail, newest first",
       "",
       {},
       std::vector{owner, Option{"action", "ACTION", "of this action, such as dead_letter.replayed", query},
                   Option{"actor-id", "ID", "by this actor", query},
                   Option{"target", "KIND:ID", "about this target, such as delivery:018f…", query},
                   Option{"correlation-id", "ID", "with this correlation id", query},
                   Option{"event-id", "ID", "about this event; of the next three and this one name one", query},
                   Option{"alert-id", "ID", "about this alert", query},
                   Option{"evidence-id", "ID", "about this evidence", query},
                   Option{"ticket-id", "ID", "about this ticket", query},
                   Option{"from", "TIME", "at this time or later, RFC 3339", query},
                   Option{"to", "TIME", "before this time, RFC 3339", query}} +
           page_options(),
       list_audit},
      {"audit show", "one record, with its hashes", "", {{"SEQUENCE", "its number"}}, {owner}, show_record},
      {"audit verify",
       "check that no record was changed, removed, put elsewhere or cut off",
       "With --tenant the stored chain from its first record, its head and what lies beyond, and the signed "
       "checkpoints in "
       "it, which must be of the node's key, of one of audit.trusted_keys, or of --public-key; with --against also "
       "that it "
       "still has every record of an earlier export. With --file an export, for which neither store nor configuration "
       "is "
       "needed. Exit code 1 names the first record that is wrong. Without --public-key an export only proves that it "
       "is the "
       "work of the key that it names.",
       {},
       {checked,
        {"file", "FILE", "check this export; - is standard input"},
        {"against", "FILE", "with --tenant: compare with this earlier export; - is standard input"},
        {"public-key", "FILE|HEX",
         "the key that must have signed it: 64 hex digits, base64, or a file with them or a PEM"}},
       verify},
      {"audit export",
       "write a tenant's trail as JSON Lines with signed checkpoints",
       "The key is the one that audit.signing_key_file names, or that of the state directory, made if there is none. A "
       "chain that is broken is not exported: exit code 1 names the record. The export is itself audited. "
       "--from and --to cut at whole records: the export begins at the first record of the time and ends before the "
       "first later one.",
       {},
       {owner,
        {"output", "FILE", "a new file; - is standard output", own, true},
        {"from", "TIME", "RFC 3339; the first record if not given"},
        {"to", "TIME", "RFC 3339; the last record if not given"}},
       run_export},
  };
}

}  // namespace opi::ctl
