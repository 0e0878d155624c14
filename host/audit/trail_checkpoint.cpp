#include "audit/trail_checkpoint.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "crypto/digest.hpp"

namespace opi::audit {
namespace {

namespace json = boost::json;

// Every part but the tenant, which comes last, has a fixed alphabet.
std::string statement(const TenantId& tenant, const Link& at) {
  return "opi.audit.trail.v1\n" + std::to_string(at.sequence) + "\n" + crypto::to_hex(at.hash) + "\n" + tenant.str();
}

template <std::size_t Size>
bool take(std::optional<std::vector<std::uint8_t>> bytes, std::array<std::uint8_t, Size>& out) {
  if (!bytes || bytes->size() != Size) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

std::string_view text_of(const json::object& object, const char* member) {
  const auto* value = object.if_contains(member);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view{text->data(), text->size()};
}

}  // namespace

Entry checkpoint_entry(const TenantId& tenant, const Link& at, const crypto::Ed25519Key& key, UnixTime now) {
  Entry entry;
  entry.tenant = tenant;
  entry.at = now;
  entry.actor_id = "integrationsd";
  entry.action = Action::audit_checkpoint;
  entry.target = "record:" + std::to_string(at.sequence);
  entry.details = json::serialize(json::object{{"sequence", at.sequence},
                                               {"hash", crypto::to_hex(at.hash)},
                                               {"public_key", crypto::to_base64(key.public_key())},
                                               {"signature", crypto::to_base64(key.sign(statement(tenant, at)))}});
  return entry;
}

std::optional<TrailCheckpoint> parse_checkpoint(const Record& record) {
  if (record.entry.action != Action::audit_checkpoint) return std::nullopt;
  json::error_code failure;
  const auto value = json::parse(json::string_view(record.entry.details.data(), record.entry.details.size()), failure);
  const auto* object = failure ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  const auto* sequence = object->if_contains("sequence");
  TrailCheckpoint found;
  if (sequence == nullptr || sequence->if_int64() == nullptr) return std::nullopt;
  found.at.sequence = *sequence->if_int64();
  if (found.at.sequence < 1 || found.at.sequence >= record.link.sequence) return std::nullopt;
  if (!take(crypto::from_hex(text_of(*object, "hash")), found.at.hash) ||
      !take(crypto::from_base64(text_of(*object, "public_key")), found.key) ||
      !take(crypto::from_base64(text_of(*object, "signature")), found.signature))
    return std::nullopt;
  return found;
}

std::optional<std::string> checkpoint_fault(const Record& record, const Record* named, const TrustedKeys& trusted) {
  const std::string name = "record " + std::to_string(record.link.sequence);
  const auto found = parse_checkpoint(record);
  if (!found) return name + " is not the checkpoint that it says it is";
  if (!trusted.empty() && std::ranges::find(trusted, found->key) == trusted.end())
    return name + " is a checkpoint of a key that is not trusted: " + crypto::to_base64(found->key);
  if (!crypto::verify_ed25519(found->key, statement(record.entry.tenant, found->at), found->signature))
    return name + " is a checkpoint whose signature does not hold";
  const std::string vouched = std::to_string(found->at.sequence);
  if (named == nullptr || named->link.sequence != found->at.sequence)
    return "record " + vouched + " is missing: the signed checkpoint at " + name + " vouches for it";
  if (named->link.hash != found->at.hash)
    return "records up to " + vouched + " were rewritten: the signed checkpoint at " + name + " has another hash";
  return std::nullopt;
}

}  // namespace opi::audit
