#include "daemon/daemon.hpp"

#include <unistd.h>

#include <algorithm>
#include <ranges>
#include <thread>

#include "audit/signing_key_file.hpp"
#include "crypto/digest.hpp"
#include "daemon/daemon_services.hpp"
#include "daemon/options.hpp"
#include "daemon/plugin_entries.hpp"
#include "daemon/refresh_entry.hpp"
#include "node/plugin_report.hpp"
#include "node/version.hpp"
#include "plugins/refusal_codes.hpp"

namespace opi::daemon {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_adapters_made = 16;  // at a time, one of each plugin
constexpr std::size_t most_secret_calls = 128;  // of all providers; each has a few places of its own
constexpr milliseconds adapter_patience{100};
constexpr milliseconds secret_patience{2'000};           // for calls of providers that have not come back at the end
constexpr milliseconds cancel_timeout{5'000};            // for what the drain timeout cut off
constexpr std::chrono::seconds dispatcher_deadline{90};  // several times the longest store timeout

std::string make_daemon_id(Random& random) {
  std::array<std::uint8_t, 4> bytes;
  random.fill(bytes);
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  return std::string(host) + "/" + std::to_string(getpid()) + "/" + crypto::to_hex(bytes);
}

audit::TrustedKeys audit_keys(const crypto::Ed25519Key& own, const configuration::Configuration& configuration) {
  auto keys = node::trusted_audit_keys(configuration);
  keys.push_back(own.public_key());
  return keys;
}

std::ptrdiff_t faults_among(const std::vector<plugins::Refusal>& refused) {
  return std::ranges::count_if(refused, [](const auto& one) { return plugins::is_fault(one.code); });
}

}  // namespace

Daemon::Daemon(const configuration::Configuration& configuration, telemetry::JsonLogger& logger)
    : configuration_(configuration),
      logger_(logger),
      daemon_id_(make_daemon_id(random_)),
      predecessor_(configuration_.state_directory, daemon_id_),
      stores_(stores::open(configuration_, clock_)),
      audit_key_(audit::open_signing_key(configuration_.audit_key_file(), configuration_.audit_signing_key.empty()
                                                                              ? audit::MissingKey::made
                                                                              : audit::MissingKey::refused)),
      audit_keys_(audit_keys(audit_key_, configuration_)),
      audit_witness_(configuration_.state_directory + "/" + audit::Witness::file_name),
      checkpointer_(*stores_.audit, audit_key_, audit_keys_, audit_witness_, clock_, checkpoint_options(configuration_),
                    [this](const std::string& tenant, const std::string& fault) {
                      logger_.error("audit.chain_broken", {{"tenant", tenant}, {"fault", fault}});
                    }),
      plugins_(plugin_options(configuration_), logger_),
      provider_registry_(plugins_, secret_providers_, logger_),
      adapter_workers_("adapters", most_adapters_made, logger_),
      adapters_(plugins_,
                {.user_agent = std::string(node::user_agent),
                 .executor =
                     [this](std::function<void()> blocking, std::function<void()> after) {
                       adapter_workers_.submit(std::move(blocking),
                                               [after = std::move(after)](const std::exception_ptr&) { after(); });
                     }},
                logger_),
      secret_workers_("secrets", most_secret_calls, logger_),
      secrets_(secret_providers_,
               [this](std::function<void()> blocking, std::function<void()> after) {
                 secret_workers_.submit(std::move(blocking),
                                        [after = std::move(after)](const std::exception_ptr&) { after(); });
               },
               clock_, random_, metrics_, logger_, {}),
      resolver_({.logger = &logger_}),
      services_(std::make_unique<Services>()),
      instruments_{clock_, random_, metrics_, logger_},
      scheduler_(scheduler_options(configuration_), [this] { services_->discovery->wake(); }),
      fleet_(
          *stores_.fleet, instruments_,
          [this](const std::shared_ptr<const delivery::Ownership>& ownership) {
            scheduler_.update(ownership);
            services_->discovery->wake();
          },
          fleet_options(daemon_id_, predecessor_.id())),
      news_(scheduler_, *stores_.deliveries, instruments_,
            {.here = [this] { services_->dispatch->wake(); },
             .everywhere =
                 [this] {
                   discovery_.look_everywhere();
                   services_->discovery->wake();
                 },
             .elsewhere =
                 [this] {
                   if (services_->announce) services_->announce->wake();
                 }},
            {}),
      discovery_(
          *stores_.deliveries, *stores_.fleet, scheduler_, instruments_, [this] { services_->dispatch->wake(); },
          discovery_options(configuration_, daemon_id_)),
      catalog_(*stores_.catalog, {[this](const Catalog& catalog) {
        scheduler_.update(catalog);
        secrets_.keep_only(catalog);
        authorizer_.keep_only(catalog);
        adapters_.keep_only(catalog);
        tell_of_newer_versions(catalog);
        tell_of_unreadable_filters(catalog);
        services_->discovery->wake();  // there may be new destinations
        services_->dispatch->wake();   // and others that are served again
      }}),
      credential_watch_(clock_),
      settler_(
          *stores_.deliveries, *stores_.catalog, credential_watch_, instruments_, [this] { services_->settle->wake(); },
          [this] { services_->dispatch->wake(); }, {}),
      transport_(std::make_unique<egress::HttpTransport>(resolver_, address_guard(configuration_),
                                                         transport_options(configuration_, logger_))),
      authorizer_(*transport_, clock_),
      attempts_(adapters_, secrets_, authorizer_, *transport_, scheduler_, credential_watch_, instruments_, {}),
      holds_(catalog_, adapters_, secrets_, scheduler_, instruments_, {}),
      dispatcher_(*stores_.deliveries, catalog_, scheduler_, attempts_, settler_.landings(), instruments_,
                  dispatcher_options(configuration_, daemon_id_)),
      rescuer_(*stores_.deliveries, catalog_, news_, instruments_, rescuer_options(configuration_, daemon_id_)),
      intake_(
          *stores_.deliveries, catalog_, news_, instruments_, [this] { services_->intake->wake(); },
          intake_options(configuration_)),
      dead_letters_(*stores_.dead_letters, [this] { news_.due_somewhere(); }),
      waiting_(*stores_.waiting, *stores_.query, clock_, random_, [this] { news_.due_somewhere(); }),
      operations_(*stores_.operations, waiting_, dead_letters_, instruments_, {}),
      adapter_directory_(plugins_),
      endpoints_(resolver_, address_guard(configuration_), {}),
      credential_check_(secrets_, {}),
      editor_(*stores_.catalog, catalog_, clock_),
      tenants_(editor_),
      destinations_(editor_, adapter_directory_, endpoints_, clock_, random_),
      removal_(editor_, waiting_, clock_),
      credentials_(editor_, adapter_directory_, credential_check_, clock_),
      policies_(editor_),
      alert_settings_(editor_),
      test_events_(editor_, intake_, *stores_.query, clock_, random_,
                   [](milliseconds pause) { std::this_thread::sleep_for(pause); }),
      feed_publisher_(*stores_.feed, *stores_.deliveries, catalog_, news_, instruments_, {}),
      retention_(*stores_.retention, catalog_, clock_, metrics_, logger_, retention_options(configuration_)),
      alerts_(*stores_.alerts, *stores_.catalog, catalog_, intake_, instruments_, {.daemon_id = daemon_id_}),
      store_watch_(*stores_.probe, clock_, metrics_, logger_, {}),
      tokens_(*stores_.tokens, clock_, {}),
      jwts_(configuration_.jwt_keys, jwt_rules(configuration_), clock_),
      sessions_(*stores_.sessions, tokens_, clock_, random_, session_options(configuration_)),
      failed_sign_ins_(*stores_.audit, clock_, {}),
      authenticator_(tokens_, jwts_, sessions_, failed_sign_ins_, clock_, request_limit(configuration_)),
      console_(api::ConsoleAssets::read(console_directory(configuration_))) {
  report_plugins(provider_registry_.load_directory(provider_configs(configuration_)));
  adapters_.on_ready([this](const DestinationId& destination) {
    scheduler_.end_pause(destination);
    services_->dispatch->wake();
  });
  make_services();
  make_servers();
}

Daemon::~Daemon() {
  drain_and_stop();
  services_->stop_all();  // also those of a start that failed half-way
  plugins_.stop();
  secret_workers_.stop(secret_patience);
  adapter_workers_.stop(adapter_patience);
  transport_.reset();
}

void Daemon::start() {
  scheduler_.update(fleet_.current());  // nothing is this daemon's before it has shown itself
  catalog_.refresh();
  dispatched_at_ = clock_.mono_now().time_since_epoch().count();
  for (auto* service : services_->all()) service->start();
  api_->start();
  status_->start();
  serving_ = true;
  logger_.info("daemon.started", {{"daemon", daemon_id_},
                                  {"environment", configuration::to_string(configuration_.environment)},
                                  {"api_address", configuration_.api_address},
                                  {"api_port", static_cast<int>(api_->port())},
                                  {"status_port", static_cast<int>(status_->port())},
                                  {"console_files", console_.size()},
                                  {"plugins_loaded", plugins_.loaded().size()},
                                  {"plugins_refused", faults_among(plugins_.refused())}});
}

// The drain has one deadline, whoever is slow: see "How long it takes" in docs/operations.md.
void Daemon::request_stop() {
  if (!serving_.exchange(false)) return;
  stop_requested_at_ = clock_.mono_now();
  const MonoTime finished = stop_requested_at_ + configuration_.drain_timeout;
  logger_.info("daemon.stopping", {{"daemon", daemon_id_}, {"drain_timeout_ms", configuration_.drain_timeout.count()}});
  stores_.give_up_at(finished + cancel_timeout);
  intake_.close();
  api_->request_stop(finished);
  for (auto* service : services_->not_of_the_drain()) service->request_stop();
}

void Daemon::drain_and_stop() {
  request_stop();
  if (stop_requested_at_ == MonoTime{} || stopped_.exchange(true)) return;  // nothing was started, or all is stopped
  const MonoTime finished = stop_requested_at_ + configuration_.drain_timeout;
  api_->stop();  // a producer's request waits for the intake, which goes on
  for (auto* service :
       {services_->inbox.get(), services_->dispatch.get(), services_->rescue.get(), services_->listen.get()})
    if (service != nullptr) service->stop();  // nothing comes under way any more
  services_->fleet->stop();
  leave_fleet();
  wait_until_settled(finished);
  transport_->stop();
  plugins_.stop();  // what plugins have not answered is given back
  wait_until_settled(std::min(finished, clock_.mono_now()) + cancel_timeout);
  const auto left = scheduler_.counts(clock_.mono_now()).in_flight;
  if (const auto left_behind = secret_workers_.stop(secret_patience); left_behind > 0)
    logger_.warning("secrets.calls_left", {{"calls", static_cast<std::int64_t>(left_behind)}});
  adapter_workers_.stop(adapter_patience);
  services_->stop_all();
  record_failed_sign_ins();
  status_->stop();  // last: it says that the daemon is draining
  // Leases that are left run out by themselves, here or at another daemon.
  const auto took = std::chrono::duration_cast<milliseconds>(clock_.mono_now() - stop_requested_at_);
  logger_.info("daemon.stopped",
               {{"daemon", daemon_id_}, {"left_to_lease_expiry", left}, {"duration_ms", took.count()}});
}

// So that others go on with its destinations at once; what is still under way here they know by its leases.
void Daemon::leave_fleet() {
  try {
    fleet_.leave();
  } catch (const std::exception& failure) {
    logger_.warning("fleet.not_left", {{"error", failure.what()}});  // they do when its time is up
  }
}

void Daemon::record_failed_sign_ins() {
  try {
    failed_sign_ins_.flush();
  } catch (const std::exception& failure) {
    logger_.warning("sign_ins.not_audited", {{"error", failure.what()}});
  }
}

void Daemon::wait_until_settled(MonoTime deadline) {
  while (clock_.mono_now() < deadline && (scheduler_.counts(clock_.mono_now()).in_flight > 0 || !settler_.idle()))
    std::this_thread::sleep_for(milliseconds{5});
}

void Daemon::reload(const configuration::Configuration& configuration) {
  logger_.set_threshold(configuration.log_level);
  jwts_.reload();
  const auto change = provider_registry_.reload_directory(provider_configs(configuration));
  adapters_.keep_only(*catalog_.current());
  refresh_secrets({{}, daemon_id_, {}});
  services_->dispatch->wake();
  report_plugins(change);  // last: it writes records, and the store may be away
  logger_.info("daemon.reloaded", {{"log_level", telemetry::to_string(configuration.log_level)}});
}

// `integrationsctl secrets refresh` of this node.
void Daemon::answer_refresh_request() {
  std::optional<node::RefreshRequest> request;
  try {
    request = node::take_refresh_request(configuration_.state_directory);
  } catch (const std::exception& failure) {
    logger_.error("secrets.refresh_not_understood", {{"error", failure.what()}});
  }
  if (request) refresh_secrets(*request);
}

void Daemon::refresh_secrets(const node::RefreshRequest& request) {
  secrets_.refresh(request.scope, [this, request](const secrets::SecretBroker::Refreshed& refreshed) {
    logger_.info("secrets.refreshed", {{"by", request.by},
                                       {"destinations", refreshed.destinations},
                                       {"changed", refreshed.changed},
                                       {"added", refreshed.added},
                                       {"unresolved", refreshed.unresolved},
                                       {"unanswered", refreshed.unanswered}});
    // SIGHUP: nobody waits for the answer, and no person asked.
    if (!request.id.empty()) tell_of_refresh(request, refreshed);
  });
}

// It was done, whether or not that can be said and recorded.
void Daemon::tell_of_refresh(const node::RefreshRequest& request, const secrets::SecretBroker::Refreshed& refreshed) {
  try {
    node::write_refresh_answer(configuration_.state_directory, request.id, refreshed);
  } catch (const std::exception& failure) {
    logger_.error("secrets.refresh_not_answered", {{"by", request.by}, {"error", failure.what()}});
  }
  try {
    stores_.audit->append(std::vector{refresh_entry(request, refreshed, clock_.unix_now())});
  } catch (const std::exception& failure) {
    logger_.error("secrets.refresh_not_audited", {{"by", request.by}, {"error", failure.what()}});
  }
}

bool Daemon::alive() const {
  const MonoTime last{std::chrono::nanoseconds{dispatched_at_.load()}};
  return clock_.mono_now() - last < dispatcher_deadline;
}

bool Daemon::is_known(const TenantId& tenant) {
  if (catalog_.current()->tenants.contains(tenant)) return true;
  catalog_.refresh();
  return catalog_.current()->tenants.contains(tenant);
}

// Once for each revision, though the catalog changes for other reasons.
void Daemon::tell_of_newer_versions(const Catalog& catalog) {
  std::map<DestinationId, std::int64_t> told;
  for (const auto& [id, destination] : catalog.destinations) {
    if (destination->not_understood.empty()) continue;
    told[id] = destination->revision;
    const auto before = held_for_newer_.find(id);
    if (before != held_for_newer_.end() && before->second == destination->revision) continue;
    logger_.warning("destination.held", {{"tenant", destination->tenant_id.str()},
                                         {"destination", id.to_string()},
                                         {"reason", destination->not_understood}});
  }
  held_for_newer_ = std::move(told);
}

// Once for each text: a change of the destination's name is no news of its filter.
void Daemon::tell_of_unreadable_filters(const Catalog& catalog) {
  std::map<DestinationId, std::string> told;
  for (const auto& [id, destination] : catalog.destinations) {
    if (destination->filter.empty() || catalog_.filters().can_read(destination->filter)) continue;
    told[id] = destination->filter;
    const auto before = unreadable_filters_.find(id);
    if (before != unreadable_filters_.end() && before->second == destination->filter) continue;
    logger_.warning("destination.filter_unreadable",
                    {{"tenant", destination->tenant_id.str()},
                     {"destination", id.to_string()},
                     {"reason", delivery::filter_fault(*destination).value().message}});
  }
  metrics_.filters_unreadable.Set(static_cast<double>(told.size()));
  unreadable_filters_ = std::move(told);
}

std::string Daemon::readiness() {
  if (!serving_) return "the daemon is starting or stopping";
  if (auto fault = store_watch_.fault(); !fault.empty()) return fault;
  return intake_.is_storing() ? "" : "the store takes no events";
}

void Daemon::report_plugins(const plugins::PluginHost::Change& change) {
  metrics_.plugins_refused.Set(static_cast<double>(faults_among(plugins_.refused())));
  node::write_plugin_report(configuration_.state_directory, plugins_, change);
  const auto entries = plugin_entries(change, daemon_id_, clock_.unix_now());
  if (!entries.empty()) stores_.audit->append(entries);
}

}  // namespace opi::daemon
