#include "api/webhook_key_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <unordered_map>

#include "api/administration_answers.hpp"
#include "api/destination_answer.hpp"
#include "crypto/digest.hpp"
#include "foundation/mutex.hpp"
#include "secrets/signing_key.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;
using secrets::CredentialState;

constexpr std::size_t tag_characters = 16;

struct KeySet {
  std::string body;  // empty: there is none
  std::string tag;
  bool complete = true;  // false: a store did not answer, and there may be more
};

// The id is the key's thumbprint (RFC 7638): the same wherever somebody works it out.
json::object jwk_of(const std::string& text) {
  const auto bytes = crypto::from_base64(std::string_view(text).substr(text.find('_') + 1)).value();
  const auto x = crypto::to_base64url(bytes);
  const auto thumbprint = crypto::sha256(R"({"crv":"Ed25519","kty":"OKP","x":")" + x + "\"}");
  return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"kid", crypto::to_base64url(thumbprint)},
          {"use", "sig"}, {"alg", "EdDSA"},   {"x", x},
          {"whpk", text}};
}

KeySet key_set(const std::vector<secrets::CredentialPosture>& postures) {
  KeySet set;
  json::array keys;
  std::vector<std::string> seen;
  for (const auto& posture : postures) {
    if (posture.purpose != secrets::signing_purpose) continue;
    if (posture.state == CredentialState::unavailable) set.complete = false;
    for (const auto& text : posture.public_keys) {
      if (std::ranges::find(seen, text) != seen.end()) continue;
      seen.push_back(text);
      keys.push_back(jwk_of(text));
    }
  }
  if (keys.empty()) return set;
  set.body = json::serialize(json::object{{"keys", std::move(keys)}});
  set.tag = "\"" + crypto::to_hex(crypto::sha256(set.body)).substr(0, tag_characters) + "\"";
  return set;
}

// Thread-safe.
class WebhookKeys {
 public:
  WebhookKeys(administration::CatalogEditor& editor, administration::CredentialCheck& check, const Clock& clock,
              const identity::RateLimit::Options& limit)
      : editor_(editor), check_(check), clock_(clock), limit_(limit) {}

  Response answer(const Request& request) {
    if (const auto wait = limit_.take(request.address, clock_.mono_now()); wait.count() > 0)
      throw ProblemError(too_many_requests("This address asks too often", wait));
    refuse_parameters(request);
    const auto set = of(destination_id_of(request));
    if (set.body.empty()) throw ProblemError(not_found());
    const bool known = request.if_none_match == "*" || request.if_none_match.find(set.tag) != std::string::npos;
    Response response{known ? 304 : 200, "application/jwk-set+json", known ? "" : set.body, {}};
    response.headers.emplace_back("ETag", set.tag);
    response.headers.emplace_back("Cache-Control",
                                  "public, max-age=" + std::to_string(WebhookKeyLimits::kept_by_others_s));
    return response;
  }

 private:
  struct Kept {
    std::int64_t revision;  // the destination's
    MonoTime until;
    KeySet set;
  };

  KeySet of(const DestinationId& id) {
    const auto catalog = editor_.catalog();
    const auto found = catalog->destinations.find(id);
    if (found == catalog->destinations.end()) return {};
    const auto& destination = found->second;
    const bool may_sign = std::ranges::any_of(
        destination->credentials, [](const Credential& one) { return one.purpose == secrets::signing_purpose; });
    if (!may_sign) return {};
    {
      const Lock lock(mutex_);
      const auto kept = kept_.find(id);
      if (kept != kept_.end() && kept->second.revision == destination->revision &&
          clock_.mono_now() < kept->second.until)
        return kept->second.set;
      if (looking_ == WebhookKeyLimits::lookups) throw ProblemError(unavailable("Too many ask at the same time", 1));
      ++looking_;
    }
    const Place place{*this};
    auto set = key_set(check_.postures({destination}).front());
    if (!set.complete && set.body.empty())
      throw ProblemError(unavailable("The keys cannot be looked for at the moment", 5));
    if (set.complete) keep(id, {destination->revision, clock_.mono_now() + WebhookKeyLimits::kept, set});
    return set;
  }

  void keep(const DestinationId& id, Kept answer) {
    const Lock lock(mutex_);
    if (kept_.size() >= WebhookKeyLimits::answers && !kept_.contains(id)) kept_.clear();
    kept_.insert_or_assign(id, std::move(answer));
  }

  // Of one that looks, given back at its end.
  struct Place {
    WebhookKeys& keys;
    ~Place() {
      const Lock lock(keys.mutex_);
      --keys.looking_;
    }
  };

  administration::CatalogEditor& editor_;
  administration::CredentialCheck& check_;
  const Clock& clock_;
  identity::RateLimit limit_;
  Mutex mutex_;
  std::unordered_map<DestinationId, Kept> kept_ OPI_GUARDED_BY(mutex_);
  int looking_ OPI_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void add_webhook_key_routes(RouteTable& routes, administration::CatalogEditor& editor,
                            administration::CredentialCheck& check, const Clock& clock,
                            const identity::RateLimit::Options& limit) {
  const auto keys = std::make_shared<WebhookKeys>(editor, check, clock, limit);
  routes.add({"GET", "/.well-known/webhook-keys/{id}", std::nullopt,
              [keys](const Request& request) { return keys->answer(request); }});
}

}  // namespace opi::api
