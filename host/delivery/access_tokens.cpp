#include "delivery/access_tokens.hpp"

#include <algorithm>
#include <utility>

#include "foundation/mutex.hpp"

namespace opi::delivery {
namespace {

const ClientCredentialsAuthorization& client_of(const Destination& destination) {
  return std::get<ClientCredentialsAuthorization>(destination.authorization.value());
}

MonoTime::duration share_of(std::chrono::milliseconds lifetime, double share) {
  return std::chrono::duration_cast<MonoTime::duration>(lifetime * share);
}

}  // namespace

std::optional<AccessTokens::Answer> AccessTokens::known(const Entry& entry, const Wanted& wanted, MonoTime now) const {
  if (!entry.is_of(wanted)) return std::nullopt;
  if (entry.token && now < entry.valid_until) return entry.token;
  if (entry.failure && now < entry.failed_until) return *entry.failure;
  return std::nullopt;
}

void AccessTokens::get(Wanted wanted, Ready ready) {
  std::optional<Answer> answer;
  bool start = false;
  {
    const Lock lock(mutex_);
    Entry& entry = entries_[wanted.destination->id];
    const MonoTime now = clock_.mono_now();
    answer = known(entry, wanted, now);
    const bool ageing = entry.token && now >= entry.renew_at && now >= entry.failed_until;
    start = !entry.fetching && (!answer || ageing);
    if (!answer) entry.waiting.emplace_back(wanted, std::exchange(ready, nullptr));
    if (start) entry.fetching = true;
  }
  if (answer) ready(*answer);
  if (start) fetch(std::move(wanted));
}

void AccessTokens::fetch(Wanted wanted) {
  auto request = token_request(client_of(*wanted.destination), *wanted.client_secret.value);
  // Half of the patience is left for the delivery itself.
  request.timeout = std::min(options_.request_timeout, wanted.patience / 2);
  request.client_certificate = wanted.client_certificate;
  request.tenant = wanted.destination->tenant_id;
  const MonoTime asked_at = clock_.mono_now();
  auto with_sent = std::make_shared<secrets::SecretSet>(*wanted.secrets);
  with_sent->sent.push_back(wanted.client_secret.value);
  for (const auto& header : request.headers)
    if (header.name == "Authorization")
      with_sent->sent.push_back(std::make_shared<const secrets::Secret>(header.value));
  wanted.secrets = std::move(with_sent);
  transport_.send(std::move(request), [this, wanted = std::move(wanted), asked_at](HttpResponse&& response) {
    fetched(wanted, asked_at, std::move(response));
  });
}

void AccessTokens::fetched(const Wanted& wanted, MonoTime asked_at, HttpResponse&& response) {
  const bool cancelled = response.fault == TransportFault::cancelled;
  auto result = read_token_response(std::move(response), client_of(*wanted.destination), *wanted.secrets);
  std::vector<std::pair<Wanted, Ready>> waiting;
  Answer answer = Cancelled{};
  {
    const Lock lock(mutex_);
    Entry& entry = entries_[wanted.destination->id];
    entry.fetching = false;
    waiting.swap(entry.waiting);
    if (!entry.is_of(wanted)) entry.token.reset();
    entry.revision = wanted.destination->revision;
    entry.version = wanted.version();
    if (const auto* token = std::get_if<AccessToken>(&result)) {
      keep(entry, *token, asked_at);
      answer = token->value;
    } else if (!cancelled) {
      entry.failure = std::get<Outcome>(result);
      entry.failed_until = clock_.mono_now() + options_.failure_ttl;
      answer = *entry.failure;
    }
    // Destinations come and go: what has ended is of no use to anyone.
    const MonoTime now = clock_.mono_now();
    std::erase_if(entries_, [&](const auto& one) {
      return !one.second.fetching && one.second.waiting.empty() && now >= one.second.valid_until &&
             now >= one.second.failed_until;
    });
  }
  for (auto& [other, ready] : waiting) {
    if (cancelled || other.same_as(wanted))
      ready(answer);
    else
      get(other, std::move(ready));  // another revision's token is not for it
  }
}

void AccessTokens::keep(Entry& entry, const AccessToken& token, MonoTime asked_at) const {
  // Clamped as seconds first: an absurd number must not overflow.
  const auto most = std::chrono::duration_cast<std::chrono::seconds>(options_.max_lifetime);
  const std::chrono::milliseconds said =
      token.expires_in ? std::clamp(*token.expires_in, std::chrono::seconds{0}, most) : options_.default_lifetime;
  const auto lifetime = std::clamp(said, options_.min_lifetime, options_.max_lifetime);
  const auto margin = std::min<MonoTime::duration>(options_.margin, share_of(lifetime, options_.margin_share));
  entry.token = token.value;
  entry.valid_until = asked_at + lifetime - margin;
  entry.renew_at = asked_at + share_of(lifetime, options_.refresh_at);
  entry.failure.reset();
  entry.failed_until = {};
}

void AccessTokens::keep_only(const Catalog& catalog) {
  const Lock lock(mutex_);
  for (auto& [id, entry] : entries_) {
    const auto found = catalog.destinations.find(id);
    if (found == catalog.destinations.end() || found->second->revision != entry.revision) entry.token.reset();
  }
  std::erase_if(entries_, [&](const auto& one) {
    return !one.second.token && !one.second.fetching && one.second.waiting.empty() &&
           !catalog.destinations.contains(one.first);
  });
}

void AccessTokens::invalidate(const DestinationId& destination, const secrets::Secret& token) {
  const Lock lock(mutex_);
  const auto found = entries_.find(destination);
  if (found != entries_.end() && found->second.token.get() == &token) found->second.token.reset();
}

}  // namespace opi::delivery
