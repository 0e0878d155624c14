#include "administration/credentials.hpp"

#include <algorithm>

#include "administration/document.hpp"
#include "delivery/authorization_fields.hpp"
#include "delivery/destination_fields.hpp"
#include "domain/receiver.hpp"

namespace opi::administration {
namespace {

namespace json = boost::json;
using delivery::FieldError;
using delivery::JsonFields;

struct Request {
  std::string reference;
  std::chrono::milliseconds overlap = RotationLimits::default_overlap;
  std::vector<FieldError> errors;
};

Request read(std::string_view text, bool with_overlap) {
  Request request;
  auto parsed = parse_document(text);
  if (auto* errors = std::get_if<std::vector<FieldError>>(&parsed)) {
    request.errors = std::move(*errors);
    return request;
  }
  JsonFields fields(std::get<json::object>(parsed), "", request.errors);
  if (with_overlap)
    fields.refuse_unknown({"reference", "overlap_ms"});
  else
    fields.refuse_unknown({"reference"});
  request.reference = delivery::read_reference(fields);
  if (!with_overlap) return request;
  if (const auto overlap = fields.integer("overlap_ms", 0, RotationLimits::max_overlap.count()))
    request.overlap = std::chrono::milliseconds{*overlap};
  return request;
}

bool is_of(const Credential& credential, std::string_view purpose) { return credential.purpose == purpose; }

int last_version(const Destination& destination, std::string_view purpose) {
  int last = 0;
  for (const auto& credential : destination.credentials)
    if (is_of(credential, purpose)) last = std::max(last, credential.version);
  return last;
}

json::object details_of(std::string_view purpose, int version) {
  return {{"purpose", json::string_view{purpose.data(), purpose.size()}}, {"version", version}};
}

}  // namespace

void Credentials::check(const Destination& destination, std::string_view purpose, const std::string& reference,
                        const Actor& actor, const Catalog& catalog, std::vector<FieldError>& errors) const {
  if (!delivery::is_credential_purpose(purpose)) {
    errors.push_back({"purpose", "must be 1 to 64 letters, digits, '-', '_' and '.'"});
  } else if (purpose == authorization_purpose && !destination.authorization) {
    // Bound to a destination without one it could be used for nothing, and put for nothing else.
    errors.push_back({"purpose", "is of an authorization, and the destination has none yet: set that first"});
  } else if (is_purpose_of_the_host(purpose)) {
    if (const auto member = delivery::member_without_tls(destination); member && purpose == client_certificate_purpose)
      errors.push_back({"purpose", "is a client certificate, and the destination's " + *member + " is not https"});
  } else if (const auto adapter = adapters_.find(destination.adapter)) {
    const auto known = [&](const CredentialSlot& slot) { return slot.name == purpose; };
    if (std::ranges::none_of(adapter->slots, known))
      errors.push_back({"purpose", "is not a credential that the destination's adapter uses"});
  }
  // What is no reference at all is not shown to a provider.
  if (!errors.empty()) return;
  if (auto fault = check_.reference_fault(reference, destination.tenant_id))
    errors.push_back({"reference", std::move(*fault)});
  else if (!actor.is_of_the_system() && is_of_another_receiver(destination, purpose, reference, catalog))
    errors.push_back(
        {"reference", "is of a secret that was put for another receiver; only a system_admin may put it here"});
}

// One secret may have several receivers by then; this one must be among them.
bool Credentials::is_of_another_receiver(const Destination& destination, std::string_view purpose,
                                         const std::string& reference, const Catalog& catalog) const {
  const auto receiver = receiver_of(destination, purpose);
  const std::string_view scheme = std::string_view(reference).substr(0, reference.find("://"));
  bool known = false;
  std::optional<delivery::SecretReceiver> last;
  std::vector<delivery::SecretReceiver> page;
  do {
    page = editor_.secret_receivers(scheme, last);
    for (const auto& one : page) {
      if (!check_.is_same_secret(one.reference, reference, destination.tenant_id)) continue;
      // Another tenant's, where a provider's references are not the tenants' own, is never this one's to send.
      if (one.tenant == destination.tenant_id && one.receiver == receiver) return false;
      known = true;
    }
    if (!page.empty()) last = page.back();
  } while (page.size() == delivery::SecretReceiverLimits::page);
  if (known) return true;
  // What stands in the catalog for nobody was somebody's before receivers were written down.
  for (const auto& [id, other] : catalog.destinations)
    for (const auto& one : other->credentials)
      if (one.bound_to == of_nobody && check_.is_same_secret(one.reference, reference, destination.tenant_id))
        return true;
  return false;
}

DestinationChange Credentials::put(const TenantId& tenant, const DestinationId& id, std::string_view purpose,
                                   CatalogEditor::Seen seen, std::string_view text, const Actor& actor) {
  const auto request = read(text, false);
  return editor_.edit(tenant, id, seen, actor, audit::Action::credential_set,
                      [&](Destination& wanted, const Catalog& catalog) {
                        CatalogEditor::Edit edit;
                        edit.errors = request.errors;
                        check(wanted, purpose, request.reference, actor, catalog, edit.errors);
                        const int last = last_version(wanted, purpose);
                        Credential fresh{std::string(purpose), last + 1, request.reference, std::nullopt, {}};
                        const auto same = std::ranges::find_if(wanted.credentials, [&](const Credential& one) {
                          return is_of(one, purpose) && one.version == last && one.reference == request.reference;
                        });
                        if (same != wanted.credentials.end()) fresh.version = last;
                        const bool moved = same != wanted.credentials.end() && !is_bound(wanted, *same);
                        std::erase_if(wanted.credentials, [&](const Credential& one) { return is_of(one, purpose); });
                        edit.details = details_of(purpose, fresh.version);
                        if (moved) edit.details["bound_again"] = true;
                        wanted.credentials.push_back(std::move(fresh));
                        return edit;
                      });
}

DestinationChange Credentials::rotate(const TenantId& tenant, const DestinationId& id, std::string_view purpose,
                                      CatalogEditor::Seen seen, std::string_view text, const Actor& actor) {
  const auto request = read(text, true);
  return editor_.edit(
      tenant, id, seen, actor, audit::Action::credential_rotated, [&](Destination& wanted, const Catalog& catalog) {
        CatalogEditor::Edit edit;
        const int last = last_version(wanted, purpose);
        if (last == 0) {
          edit.status = ChangeStatus::missing;
          return edit;
        }
        edit.errors = request.errors;
        check(wanted, purpose, request.reference, actor, catalog, edit.errors);
        const UnixTime now = clock_.unix_now(), end = now + request.overlap;
        for (auto& one : wanted.credentials)
          if (is_of(one, purpose) && (!one.expires_at || *one.expires_at > end)) one.expires_at = end;
        std::erase_if(wanted.credentials,
                      [&](const Credential& one) { return is_of(one, purpose) && *one.expires_at <= now; });
        const auto live =
            std::ranges::count_if(wanted.credentials, [&](const Credential& one) { return is_of(one, purpose); });
        if (live >= static_cast<std::ptrdiff_t>(RotationLimits::live_versions))
          edit.errors.push_back({"purpose", "has 5 live versions already; revoke one first"});
        wanted.credentials.push_back({std::string(purpose), last + 1, request.reference, std::nullopt, {}});
        edit.details = details_of(purpose, last + 1);
        edit.details["overlap_ms"] = request.overlap.count();
        return edit;
      });
}

DestinationChange Credentials::revoke(const TenantId& tenant, const DestinationId& id, std::string_view purpose,
                                      std::optional<int> version, CatalogEditor::Seen seen, const Actor& actor) {
  return editor_.edit(tenant, id, seen, actor, audit::Action::credential_revoked,
                      [&](Destination& wanted, const Catalog&) {
                        CatalogEditor::Edit edit;
                        const auto revoked = std::erase_if(wanted.credentials, [&](const Credential& one) {
                          return is_of(one, purpose) && (!version || one.version == *version);
                        });
                        if (revoked == 0) edit.status = ChangeStatus::missing;
                        edit.details["purpose"] = json::string_view{purpose.data(), purpose.size()};
                        if (version) edit.details["version"] = *version;
                        return edit;
                      });
}

}  // namespace opi::administration
