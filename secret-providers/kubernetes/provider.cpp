#include <opi/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api_client.hpp"
#include "base64.hpp"
#include "names.hpp"
#include "recent_names.hpp"
#include "secret_document.hpp"
#include "settings.hpp"
#include "tenancy.hpp"

namespace opi::kubernetes {
namespace {

using sdk::Failure;

// Kept of the deadline for what follows the last answer; and how long is waited where the host sets no limit.
constexpr std::chrono::milliseconds reserve{50};
constexpr std::chrono::seconds longest_wait{60};

constexpr const char* whole = "application/json";
// Without the data: what the first look and a look for changes need.
constexpr const char* metadata_only = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

Deadline deadline_of(const sdk::SecretQuery& query) {
  const Deadline given{std::chrono::nanoseconds{query.deadline_mono_ns()}};
  return std::min(given - reserve, Clock::now() + longest_wait);
}

// k8s://<namespace>/<secret>/<key>: Secrets of a cluster, read by "get" of one name. See docs/secret-stores.md.
class Provider {
 public:
  explicit Provider(const sdk::InstanceArgs& args)
      : host_(args.host),
        settings_(Settings::parse(args.config_json)),
        tenancy_(settings_),
        api_(settings_, args.host) {
    try {
      api_.check_access();
    } catch (const Failure& failure) {
      // Files of a pod may come later; every query says it again.
      args.host.log(OPI_LOG_WARNING, "the API server cannot be asked now", {{"reason", failure.what()}});
    }
  }

  void check(const sdk::SecretQuery& query) const {
    (void)target_of(query);
    tenancy_.check(query.tenant(), query.segment(0));
  }

  void resolve(const sdk::SecretQuery& query, sdk::SecretAnswer& answer) {
    check(query);
    const auto target = target_of(query);
    const auto deadline = deadline_of(query);
    const auto known = fetch(query.tenant(), target, "PartialObjectMetadata", metadata_only, deadline);
    if (const auto version = known->version(); version == query.if_not_version())
      return answer.not_modified(version, settings_.ttl);
    const auto secret = fetch(query.tenant(), target, "Secret", whole, deadline);
    secret->check_size();
    for (std::size_t i = 0; i < query.key_count(); ++i) give(*secret, query.key(i), i, answer);
    answer.commit(secret->version(), settings_.ttl);
  }

 private:
  static Target target_of(const sdk::SecretQuery& query) {
    if (query.segment_count() != 2)
      throw Failure(OPI_E_INVALID, "the reference is not k8s://<namespace>/<secret>/<key>");
    if (!is_dns_label(query.segment(0)))
      throw Failure(OPI_E_INVALID, "{namespace} is not the name of a namespace: letters a-z, digits and -, at most 63");
    if (!is_dns_subdomain(query.segment(1)))
      throw Failure(OPI_E_INVALID, "{secret} is not the name of a Secret: letters a-z, digits, - and ., at most 253");
    for (std::size_t i = 0; i < query.key_count(); ++i)
      if (!is_data_key(query.key(i)))
        throw Failure(OPI_E_INVALID, "{key} is not a key of a Secret: letters, digits, -, _ and ., at most 253");
    return {std::string(query.segment(0)), std::string(query.segment(1))};
  }

  // What the tenant may see of the Secret.
  std::unique_ptr<SecretDocument> fetch(std::string_view tenant, const Target& target, std::string_view kind,
                                        const char* accept, Deadline deadline, bool asked_again = false) {
    const auto path = "/api/v1/namespaces/" + target.space + "/secrets/" + target.name;
    const auto answer = api_.get(path, accept, deadline);
    if (auto document = usable(answer, tenant, target, kind)) return document;
    // Not 403 alone: whatever denies a tenant takes as long, so that it is not told apart by its time.
    if (!asked_again && ApiClient::await_settled(answer, deadline))
      return fetch(tenant, target, kind, accept, deadline, true);
    refuse(answer.status, tenant, target);
  }

  // Null: it is not there (404), nobody may look (403), or it is another's (200).
  std::unique_ptr<SecretDocument> usable(const Answer& answer, std::string_view tenant, const Target& target,
                                         std::string_view kind) const {
    if (answer.status == 403 || answer.status == 404) return nullptr;
    if (answer.status != 200) fail(answer.status);
    if (!answer.is_json) throw Failure(OPI_E_FAILED, "the API server's answer is not JSON");
    auto document = std::make_unique<SecretDocument>(answer.body, kind, target);
    const bool may_use = tenancy_.may_use(tenant, target.space, document->label(settings_.tenant_label));
    return may_use ? std::move(document) : nullptr;
  }

  [[noreturn]] void refuse(int status, std::string_view tenant, const Target& target) {
    const bool is_own = tenancy_.owns(tenant, target.space);
    if (status == 404 && is_own)
      throw Failure(OPI_E_NOT_FOUND, "namespace \"" + target.space + "\" has no Secret \"" + target.name + "\"");
    if (status == 403 && is_own)
      throw Failure(OPI_E_DENIED,
                    "the API server refuses (403): no role allows this daemon the verb get of the resource "
                    "secrets with the name \"" +
                        target.name + "\" in namespace \"" + target.space + "\"");
    if (status == 404) deny(tenant, target, "it is not there (404)");
    if (status == 403) deny(tenant, target, "no role allows this daemon the verb get of it (403)");
    deny(tenant, target, "its label does not name the tenant");
  }

  [[noreturn]] static void fail(int status) {
    if (status == 401)
      throw Failure(OPI_E_FAILED,
                    "the API server takes this daemon for nobody (401), also after its credentials were read again");
    if (status == 429) throw Failure(OPI_E_BUSY, "the API server asks for a pause (429)");
    if (status == 504) throw Failure(OPI_E_TIMEOUT, "the API server did not get to an answer (504)");
    if (status >= 300 && status < 400)
      throw Failure(OPI_E_FAILED, "the API server redirects (" + std::to_string(status) + "), which is not followed");
    throw Failure(OPI_E_FAILED, "the API server answers with status " + std::to_string(status));
  }

  // The same whether there is no such Secret, it is another tenant's, or the daemon may not look: nobody learns which
  // names others have. Whoever runs the daemon is told.
  [[noreturn]] void deny(std::string_view tenant, const Target& target, const char* reason) {
    const auto line = std::string(tenant) + " " + target.space + "/" + target.name + " " + reason;
    if (!told_.has(line) && told_.note(line))
      host_.log(OPI_LOG_WARNING, "a tenant is denied a Secret",
                {{"tenant", tenant}, {"namespace", target.space}, {"secret", target.name}, {"reason", reason}});
    throw Failure(OPI_E_DENIED, "namespace \"" + target.space + "\" has no Secret \"" + target.name +
                                    "\" that tenant \"" + std::string(tenant) +
                                    "\" may use: it is not there, its label " + settings_.tenant_label +
                                    " does not name the tenant, or no role allows this daemon the verb get of the "
                                    "resource secrets with this name");
  }

  static void give(const SecretDocument& secret, std::string_view key, std::size_t i, sdk::SecretAnswer& answer) {
    const auto base64 = secret.data(key);
    if (!base64) return answer.absent(i);
    const auto size = base64_size(*base64);
    if (!size) throw Failure(OPI_E_INVALID, "the key's data is not base64");
    if (*size == 0) throw Failure(OPI_E_INVALID, "the key's data is empty");
    if (!base64_decode(*base64, answer.reserve(i, *size))) throw Failure(OPI_E_INVALID, "the key's data is not base64");
  }

  const sdk::Host host_;
  const Settings settings_;
  const Tenancy tenancy_;
  ApiClient api_;
  RecentNames told_;  // what was logged
};

}  // namespace
}  // namespace opi::kubernetes

OPI_PLUGIN(opi::sdk::Provider<opi::kubernetes::Provider, "kubernetes">)
