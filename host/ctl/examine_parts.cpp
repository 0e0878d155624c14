#include <algorithm>
#include <chrono>

#include "ctl/failure.hpp"
#include "ctl/findings.hpp"
#include "ctl/services.hpp"
#include "domain/timestamp.hpp"
#include "node/provider_settings.hpp"
#include "plugins/refusal_codes.hpp"
#include "secrets/signing_key.hpp"
#include "stores/vitals.hpp"

namespace opi::ctl {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t named_destinations = 10;  // one screen; the rest is counted

void examine_schema(const stores::Vitals& vitals, Findings& findings) {
  const std::string known = std::to_string(vitals.known_schema);
  if (!vitals.schema)
    findings.warning("database", vitals.engine + ", without a schema yet",
                     "integrationsctl migrate, or start the daemon");
  else if (!vitals.served)
    findings.error("database",
                   vitals.engine + ", schema " + std::to_string(*vitals.schema) + "; this program knows " + known,
                   "install the newer program that made it");
  else if (*vitals.schema > vitals.known_schema)
    findings.warning("database",
                     vitals.engine + ", schema " + std::to_string(*vitals.schema) +
                         " of a newer version, which serves this one, too, that knows " + known,
                     "upgrade this node; destinations that say what only the newer version knows are held here");
  else if (*vitals.schema < vitals.known_schema)
    findings.warning("database", vitals.engine + ", schema " + std::to_string(*vitals.schema) + " of " + known,
                     "back it up; the next start brings it up to date");
  else
    findings.ok("database", vitals.engine + ", schema " + known);
}

void examine_weaknesses(const stores::Vitals& vitals, Findings& findings) {
  for (const auto& weakness : vitals.weaknesses)
    if (weakness.grave)
      findings.error("rights", weakness.message, weakness.remedy);
    else
      findings.warning("rights", weakness.message, weakness.remedy);
}

void examine_ballast(const stores::Vitals& vitals, Findings& findings) {
  for (const auto& one : vitals.ballasts) findings.warning("bloat", one.message, one.remedy);
  if (vitals.ballasts.empty() && !vitals.ballast.empty()) findings.ok("bloat", vitals.ballast);
}

void examine_clock(const std::optional<UnixTime>& there, UnixTime before, UnixTime after, Findings& findings) {
  if (!there) return findings.ok("clock", "the database has the node's own");
  const auto here = before + (after - before) / 2;
  const auto skew = std::chrono::abs(std::chrono::duration_cast<milliseconds>(*there - here));
  findings.skew(skew, "the database's differs from the node's by " + std::to_string(skew.count()) + " ms");
}

// What a plugin may reach out of processes of its own; empty: nothing, or it runs in the daemon.
std::string reach_of(const plugins::Plugin& plugin) {
  std::string reach;
  if (plugin.isolation() == plugins::Isolation::process)
    for (const auto& component : plugin.manifest().components)
      for (const auto& need : component.needs.described()) reach += (reach.empty() ? "" : ", ") + need;
  return reach.empty() ? reach : " (in processes of its own that reach " + reach + ")";
}

void examine_providers(const configuration::Configuration& configuration, PluginDesk& desk, Findings& findings) {
  std::string standings;
  bool serving = false;
  auto unknown = configuration.secret_providers;
  for (const auto& one : node::provider_standings(configuration, desk.providers())) {
    standings += (standings.empty() ? "" : ", ") + one.scheme + ":// " + std::string(to_string(one.state));
    serving = serving || one.state == node::ProviderState::serving;
    unknown.erase(one.id);
  }
  for (const auto& [id, section] : unknown)
    findings.warning("secrets", "[secret_provider." + id + "] is of no provider in plugins.directory",
                     "correct the name, or put the provider's plugin there");
  if (serving)
    findings.ok("secrets", standings);
  else
    findings.warning(
        "secrets",
        "there is no secret provider: nothing can be signed" + (standings.empty() ? "" : " (" + standings + ")"),
        "configure one: [secret_provider.files] root=…, or [secret_provider.kubernetes] access=… (secret-stores.md)");
}

// When everything has been asked for that there is to be said of.
void tell_warnings(PluginDesk& desk, Findings& findings) {
  for (const auto& warning : desk.warnings()) findings.warning("secrets", warning, "see docs/secret-stores.md");
}

void examine_loading(const configuration::Configuration& configuration, PluginDesk& desk, Findings& findings) {
  const auto& host = desk.loaded();
  desk.providers();  // what is wrong with their configuration is a refusal, too
  for (const auto& refusal : host.refused())
    if (plugins::is_fault(refusal.code))
      findings.error("plugins", refusal.file + " is refused: " + refusal.code + " " + refusal.message, refusal.remedy);
  std::string names;
  for (const auto& plugin : host.loaded())
    names += (names.empty() ? "" : ", ") + plugin->manifest().id + " " + plugin->manifest().version + reach_of(*plugin);
  if (names.empty())
    findings.error("plugins", "none would load", "put plugins into plugins.directory");
  else
    findings.ok("plugins", names);
  examine_providers(configuration, desk, findings);
}

std::string name_of(const Destination& destination) {
  return destination.name + " of " + destination.tenant_id.str() + " (" + destination.id.to_string() + ")";
}

std::string reason_of(const std::string& failure) { return failure.empty() ? failure : " (" + failure + ")"; }

// The first current credential that does not resolve to something usable; a destination that must sign needs one for
// it.
std::string lack_of(const std::shared_ptr<const Destination>& destination,
                    const std::vector<secrets::CredentialPosture>& postures, PluginDesk& desk) {
  bool can_sign = destination->signing == SigningRule::disabled;
  for (const auto& posture : postures) {
    const bool current = std::ranges::none_of(destination->credentials, [&](const Credential& other) {
      return other.purpose == posture.purpose && other.version > posture.version;
    });
    if (posture.purpose == secrets::signing_purpose) can_sign = true;
    if (current && posture.state != secrets::CredentialState::resolved)
      return "its " + posture.purpose + " credential is " + std::string(to_string(posture.state)) +
             reason_of(desk.failure(destination, posture.purpose));
  }
  return can_sign ? "" : "it must sign and has no signing credential";
}

using HeldRow = std::pair<std::shared_ptr<const Destination>, Hold>;

void tell_held(const std::vector<HeldRow>& rows, Findings& findings) {
  std::size_t told = 0;
  for (const auto& [destination, hold] : rows) {
    if (++told > named_destinations) break;
    const auto since = hold.since ? " since " + to_rfc3339(*hold.since) : "";
    const auto what = name_of(*destination) + " is held" + since + " (" + std::string(to_string(hold.cause)) + ")" +
                      (hold.detail.empty() ? "" : ": " + hold.detail);
    // What does not end by itself and is not somebody's will.
    if (is_audited(hold.cause))
      findings.error("held", what, std::string(remedy_of(hold.cause)));
    else
      findings.warning("held", what, std::string(remedy_of(hold.cause)));
  }
  if (rows.size() > named_destinations)
    findings.warning("held", std::to_string(rows.size() - named_destinations) + " more are held",
                     "integrationsctl destinations list --tenant TENANT --held true");
}

// Disabled ones are as somebody wants them.
void examine_holds(Services& services, Findings& findings) {
  const auto catalog = services.catalog();
  api::DestinationRuntime::Destinations all;
  for (const auto& [id, destination] : catalog->destinations) all.push_back(destination);
  const auto standings = services.runtime().of(all);
  std::vector<HeldRow> rows;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (standings[i].held && standings[i].held->cause != HoldCause::disabled)
      rows.emplace_back(all[i], *standings[i].held);
  std::ranges::sort(rows, {}, [](const HeldRow& one) { return std::pair{one.second.cause, one.first->id}; });
  tell_held(rows, findings);
  if (rows.empty()) findings.ok("held", "no destination");
}

void examine_signing(Services& services, Findings& findings) {
  const auto catalog = services.catalog();
  std::vector<std::shared_ptr<const Destination>> all;
  for (const auto& [id, destination] : catalog->destinations) all.push_back(destination);
  std::ranges::sort(all, {}, [](const auto& one) { return std::pair{one->tenant_id.str(), one->id.to_string()}; });
  const auto postures = services.plugins().check().postures(all);
  std::size_t faulty = 0, unsigned_ones = 0, odd_keys = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i]->not_understood.empty()) continue;  // what it needs cannot be told
    const auto lack = lack_of(all[i], postures[i], services.plugins());
    if (!lack.empty() && ++faulty <= named_destinations) {
      const std::string remedy = "integrationsctl secrets check --tenant " + all[i]->tenant_id.str() +
                                 " --destination " + all[i]->id.to_string();
      if (all[i]->enabled)
        findings.error("signing", name_of(*all[i]) + ": " + lack + "; nothing is sent", remedy);
      else
        findings.warning("signing", name_of(*all[i]) + ": " + lack + "; it is disabled", remedy);
    }
    for (const auto& posture : postures[i])
      if (!posture.warning.empty() && ++odd_keys <= named_destinations)
        findings.warning("signing",
                         name_of(*all[i]) + ": version " + std::to_string(posture.version) + ": " + posture.warning,
                         "integrationsctl secrets generate, then credentials rotate");
    if (all[i]->signing == SigningRule::disabled && ++unsigned_ones <= named_destinations)
      findings.warning("signing", name_of(*all[i]) + ": sends without a signature",
                       "set signing to required, if its receiver can check");
  }
  if (faulty > named_destinations)
    findings.error("signing", std::to_string(faulty - named_destinations) + " more destinations lack a credential",
                   "integrationsctl destinations list --tenant TENANT");
  if (odd_keys > named_destinations)
    findings.warning("signing", std::to_string(odd_keys - named_destinations) + " more keys have a warning",
                     "integrationsctl secrets check --tenant TENANT --destination DESTINATION");
  if (unsigned_ones > named_destinations)
    findings.warning("signing", std::to_string(unsigned_ones - named_destinations) + " more send without a signature",
                     "integrationsctl destinations list --tenant TENANT");
  if (faulty == 0) findings.ok("signing", std::to_string(all.size()) + " destinations: every credential resolves");
}

}  // namespace

bool examine_store(Context& context, Findings& findings) {
  try {
    const UnixTime before = context.clock().unix_now();
    const auto vitals = stores::look(context.configuration());
    examine_schema(vitals, findings);
    if (!vitals.path.empty()) findings.ok("database", vitals.path);
    if (!vitals.unconfirmed.empty())
      findings.error("replication", vitals.unconfirmed,
                     "bring the standby back; or, if it is lost, take it out of synchronous_standby_names and reload, "
                     "knowing that one server is then all there is");
    examine_weaknesses(vitals, findings);
    examine_ballast(vitals, findings);
    examine_clock(vitals.clock, before, context.clock().unix_now(), findings);
    const bool usable = vitals.served && vitals.schema >= vitals.known_schema;
    if (usable) examine_fleet(context.services().stores().fleet->roll(), findings);
    return usable;
  } catch (const std::exception& failure) {
    findings.error("database", failure.what(), "bring it back, or correct the keys of [store]");
    return false;
  }
}

void examine_plugins(Context& context, Findings& findings, bool with_store) {
  try {
    if (with_store) {
      examine_loading(context.configuration(), context.services().plugins(), findings);
      examine_holds(context.services(), findings);
      examine_signing(context.services(), findings);
      tell_warnings(context.services().plugins(), findings);
    } else {
      PluginDesk desk(context.configuration(), context.clock(), context.random());
      examine_loading(context.configuration(), desk, findings);
      tell_warnings(desk, findings);
    }
  } catch (const std::exception& failure) {
    findings.error("plugins", failure.what(), "see the message");
  }
}

}  // namespace opi::ctl
