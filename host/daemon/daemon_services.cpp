#include "daemon/daemon_services.hpp"

#include <ranges>

namespace opi::daemon {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds never{std::chrono::hours{1}};
constexpr milliseconds catalog_interval{500};  // changed destinations are noticed this soon
constexpr milliseconds listen_timeout{500};
constexpr milliseconds follower_interval{2'000};  // a daemon that does not lead looks this often whether it does
constexpr milliseconds sign_in_audit_interval{5'000};
constexpr milliseconds checkpoint_look_interval{5'000};
constexpr milliseconds secret_look_interval{250};

}  // namespace

// What one daemon of all does for all; should it go, another leads as soon as it is missed.
runtime::PeriodicService::RunOnce Daemon::if_leading(runtime::PeriodicService::RunOnce run_once) {
  return [this, run_once = std::move(run_once)] { return fleet_.leads() ? run_once() : follower_interval; };
}

void Daemon::make_services() {
  const auto make = [this](const char* name, runtime::PeriodicService::RunOnce run_once) {
    return std::make_unique<runtime::PeriodicService>(name, std::move(run_once), logger_);
  };
  services_->intake = make("intake", [this] { return intake_.run_once() ? milliseconds{0} : never; });
  services_->settle = make("settle", [this] { return settler_.run_once(); });
  services_->dispatch = make("dispatch", [this] {
    const auto wait = dispatcher_.run_once();
    dispatched_at_ = clock_.mono_now().time_since_epoch().count();
    return wait;
  });
  services_->rescue = make("rescue", if_leading([this] { return rescuer_.run_once(); }));
  services_->fleet = make("fleet", [this] { return fleet_.run_once(); });
  services_->discovery = make("discovery", [this] { return discovery_.run_once(); });
  services_->retention = make("retention", if_leading([this] { return retention_.run_once(); }));
  services_->operations = make("operations", if_leading([this] { return operations_.run_once(); }));
  services_->store_watch = make("store_watch", [this] { return store_watch_.run_once(); });
  services_->feed = make("feed", if_leading([this] { return feed_publisher_.run_once(); }));
  services_->catalog = make("catalog", [this] {
    catalog_.refresh();
    return catalog_interval;
  });
  if (stores_.inbox) {
    inbox_ = std::make_unique<delivery::InboxDrain>(*stores_.inbox, intake_, metrics_, logger_,
                                                    delivery::InboxDrain::Options{});
    services_->inbox = make("inbox", if_leading([this] { return inbox_->run_once(); }));
  }
  services_->secrets = make("secrets", [this] {
    secrets_.run_once();
    answer_refresh_request();
    return secret_look_interval;
  });
  services_->holds = make("holds", [this] { return holds_.run_once(); });
  services_->alerts = make("alerts", [this] {
    if (fleet_.leads()) return alerts_.run_once();
    alerts_.stand_by();
    return follower_interval;
  });
  services_->sign_ins = make("sign_ins", [this] {
    failed_sign_ins_.run_once();
    return sign_in_audit_interval;
  });
  // Daemons that share a database must not each sign with a key of its own: none could tell then whose checkpoint
  // counts.
  if (!configuration_.shares_audit_trail() || !configuration_.audit_signing_key.empty())
    services_->checkpoints = make("checkpoints", [this] {
      const auto catalog = catalog_.current();
      const auto tenants = std::views::keys(catalog->tenants);
      checkpointer_.run_once({tenants.begin(), tenants.end()});
      return checkpoint_look_interval;
    });
  else
    logger_.warning("audit.no_checkpoints", {{"reason", "audit.signing_key_file names no key for all daemons"}});
  if (!stores_.listener) return;
  services_->listen = make("listen", [this] {
    const auto announced = stores_.listener->run_once(listen_timeout);
    if (!announced) return milliseconds{0};
    if (announced->empty()) {
      discovery_.look_everywhere();
      services_->discovery->wake();
    }
    const MonoTime now = clock_.mono_now();
    for (const auto& destination : *announced) scheduler_.announced(destination, now);
    services_->dispatch->wake();
    return milliseconds{0};
  });
  services_->announce = make("announce", [this] { return news_.run_once(); });
}

}  // namespace opi::daemon
