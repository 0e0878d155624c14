#include "audit/audit_export.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"

namespace opi::audit {
namespace {

namespace json = boost::json;

constexpr std::string_view format = "opi.audit.export.v1";

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

std::string line_of(const json::object& object) { return json::serialize(object) + "\n"; }

// What a checkpoint's signature covers. Every part but the tenant, which comes last, has a fixed alphabet.
std::string signed_form(const TenantId& tenant, const Link& at, std::int64_t records, bool final) {
  return "opi.audit.checkpoint.v1\n" + std::to_string(at.sequence) + "\n" + crypto::to_hex(at.hash) + "\n" +
         std::to_string(records) + "\n" + (final ? "final" : "more") + "\n" + tenant.str();
}

template <std::size_t Size>
std::optional<std::array<std::uint8_t, Size>> exactly(const std::optional<std::vector<std::uint8_t>>& bytes) {
  if (!bytes || bytes->size() != Size) return std::nullopt;
  std::array<std::uint8_t, Size> array;
  std::copy(bytes->begin(), bytes->end(), array.begin());
  return array;
}

std::string name(std::int64_t sequence) { return "record " + std::to_string(sequence); }

}  // namespace

ExportWriter::ExportWriter(TenantId tenant, const Link& before, const crypto::Ed25519Key& key, UnixTime now)
    : tenant_(std::move(tenant)), key_(key), now_(now), last_(before) {}

std::string ExportWriter::head() const {
  return line_of({{"type", "header"},
                  {"format", view(format)},
                  {"tenant_id", tenant_.str()},
                  {"exported_at_unix_ms", now_.time_since_epoch().count()},
                  {"after_sequence", last_.sequence},
                  {"after_hash", crypto::to_hex(last_.hash)},
                  {"public_key", crypto::to_base64(key_.public_key())}}) +
         checkpoint(false);
}

std::string ExportWriter::record(const Record& record) {
  const Entry& entry = record.entry;
  last_ = record.link;
  ++records_;
  auto text = line_of({{"type", "record"},
                       {"sequence", record.link.sequence},
                       {"at_unix_ms", entry.at.time_since_epoch().count()},
                       {"actor_kind", view(to_string(entry.actor_kind))},
                       {"actor_id", entry.actor_id},
                       {"actor_role", entry.actor_role},
                       {"action", view(to_string(entry.action))},
                       {"target", entry.target},
                       {"correlation_id", entry.correlation_id},
                       {"details", entry.details},
                       {"previous_hash", crypto::to_hex(record.link.previous)},
                       {"hash", crypto::to_hex(record.link.hash)}});
  if (records_ % ExportLimits::checkpoint_interval == 0) text += checkpoint(false);
  return text;
}

std::string ExportWriter::end() const { return checkpoint(true); }

std::string ExportWriter::checkpoint(bool final) const {
  const auto signature = key_.sign(signed_form(tenant_, last_, records_, final));
  return line_of({{"type", "checkpoint"},
                  {"sequence", last_.sequence},
                  {"hash", crypto::to_hex(last_.hash)},
                  {"records", records_},
                  {"final", final},
                  {"signature", crypto::to_base64(signature)}});
}

// The members of a line; a missing one, or one of another type, reads as empty, zero or false, which nothing accepts.
struct ExportVerifier::Members {
  const json::object& object;

  [[nodiscard]] std::string text(const char* member) const {
    const auto* value = object.if_contains(member);
    const auto* string = value == nullptr ? nullptr : value->if_string();
    return string == nullptr ? std::string() : std::string(string->data(), string->size());
  }
  [[nodiscard]] std::int64_t number(const char* member) const {
    const auto* value = object.if_contains(member);
    const auto* integer = value == nullptr ? nullptr : value->if_int64();
    return integer == nullptr ? 0 : *integer;
  }
  [[nodiscard]] bool boolean(const char* member) const {
    const auto* value = object.if_contains(member);
    const auto* flag = value == nullptr ? nullptr : value->if_bool();
    return flag != nullptr && *flag;
  }
};

std::optional<std::string> ExportVerifier::line(std::string_view text) {
  ++line_;
  const std::string where = "line " + std::to_string(line_);
  if (text.size() > ExportLimits::line_bytes) return where + " is longer than any line of an export";
  if (final_) return where + " follows the final checkpoint";
  json::error_code failure;
  const auto value = json::parse(view(text), failure);
  const auto* object = failure ? nullptr : value.if_object();
  const std::string expected = started_ ? ", after " + name(last_.sequence) + "," : "";
  if (object == nullptr) return where + expected + " is not a JSON object: it was changed or cut off";
  const Members members{*object};
  const std::string type = members.text("type");
  if (!started_) return type == "header" ? header(members) : std::optional<std::string>(where + " is not the header");
  if (type == "record") return record(members);
  if (type == "checkpoint") return checkpoint(members);
  return where + expected + " is neither record nor checkpoint";
}

std::optional<std::string> ExportVerifier::header(const Members& members) {
  if (members.text("format") != format) return "the format is not " + std::string(format);
  const std::string tenant = members.text("tenant_id");
  const auto parsed = TenantId::parse(tenant);
  if (!parsed && !tenant.empty()) return "the header's tenant_id is not one";
  const auto hash = exactly<32>(crypto::from_hex(members.text("after_hash")));
  key_ = exactly<32>(crypto::from_base64(members.text("public_key")));
  if (!hash || !key_) return "the header lacks after_hash or public_key";
  if (trusted_ && *trusted_ != *key_) return "the export is signed with another key than the trusted one";
  tenant_ = parsed.value_or(TenantId{});
  last_ = {members.number("after_sequence"), {}, *hash};
  if (last_.sequence == 0 && last_.hash != genesis(tenant_).hash)
    return "the header's after_hash is not the chain's beginning";
  started_ = true;
  unsigned_records_ = 1;  // the first checkpoint vouches for the header
  return std::nullopt;
}

std::optional<std::string> ExportVerifier::record(const Members& members) {
  if (records_ == 0 && unsigned_records_ != 0) return "the checkpoint before the first record is missing";
  const std::string expected = name(last_.sequence + 1);
  const auto kind = parse_actor_kind(members.text("actor_kind"));
  const auto action = parse_action(members.text("action"));
  const auto previous = exactly<32>(crypto::from_hex(members.text("previous_hash")));
  const auto hash = exactly<32>(crypto::from_hex(members.text("hash")));
  if (!kind || !action || !previous || !hash) return expected + " was changed: a member is missing or unknown";
  Record read;
  read.link = {members.number("sequence"), *previous, *hash};
  read.entry.tenant = tenant_;
  read.entry.at = UnixTime{std::chrono::milliseconds{members.number("at_unix_ms")}};
  read.entry.actor_kind = *kind;
  read.entry.actor_id = members.text("actor_id");
  read.entry.actor_role = members.text("actor_role");
  read.entry.action = *action;
  read.entry.target = members.text("target");
  read.entry.correlation_id = members.text("correlation_id");
  read.entry.details = members.text("details");
  if (auto fault = first_fault(last_, {&read, 1})) return fault;
  if (++unsigned_records_ > ExportLimits::checkpoint_interval)
    return "the checkpoint before " + expected + " is missing";
  last_ = read.link;
  ++records_;
  return std::nullopt;
}

std::optional<std::string> ExportVerifier::checkpoint(const Members& members) {
  const std::string at = "the checkpoint after " + name(last_.sequence);
  const auto signature = exactly<64>(crypto::from_base64(members.text("signature")));
  const auto hash = exactly<32>(crypto::from_hex(members.text("hash")));
  if (!signature || !hash) return at + " was changed: a member is missing";
  const bool final = members.boolean("final");
  const Link claimed{members.number("sequence"), {}, *hash};
  if (!crypto::verify_ed25519(*key_, signed_form(tenant_, claimed, members.number("records"), final), *signature))
    return at + " was changed: its signature does not hold";
  if (claimed.sequence > last_.sequence)
    return name(last_.sequence + 1) + " is missing: the signed checkpoint of " + name(claimed.sequence) +
           " comes first";
  if (claimed.sequence < last_.sequence) return at + " is an earlier one, of " + name(claimed.sequence);
  if (claimed.hash != last_.hash)
    return "records up to " + std::to_string(last_.sequence) +
           " were rewritten: the signed checkpoint has another hash";
  if (members.number("records") != records_) return at + " belongs to an export that began elsewhere";
  unsigned_records_ = 0;
  final_ = final;
  return std::nullopt;
}

std::optional<std::string> ExportVerifier::end() const {
  if (!started_) return "the export is empty";
  if (!final_) return "the export is cut off after " + name(last_.sequence);
  return std::nullopt;
}

}  // namespace opi::audit
