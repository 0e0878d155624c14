#include "simulation/neighbours.hpp"

#include "crypto/digest.hpp"

namespace opi::simulation {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr const char* well = "well";
constexpr auto flood_every = 50ms;
constexpr int backlog = 150, flood = 10;

audit::Entry entry(const TenantId& tenant, audit::Action action) {
  audit::Entry e;
  e.tenant = tenant;
  e.actor_id = "simulation";
  e.action = action;
  e.target = "tenant:" + tenant.str();
  return e;
}

}  // namespace

Neighbourhood::Neighbourhood(const std::vector<Neighbour>& neighbours, int daemons) {
  faults_.end();
  database_.migrate();
  add_tenant(well, 1, "mem://key");
  for (const auto ill : neighbours) {
    const std::string name = "neighbour-" + std::to_string(static_cast<int>(ill));
    ills_[name] = ill;
    add_tenant(name, 3, ill == Neighbour::hanging ? "mem://hangs-" : "mem://key");
  }
  for (int i = 0; i < daemons; ++i) add_daemon(i);
  const delivery::Fleet::Options fleet;
  run_until(clock_.mono_now() + fleet.lifetime + fleet.holds);
}

void Neighbourhood::add_tenant(const std::string& name, int destinations, const std::string& secret) {
  const auto tenant = *TenantId::parse(name);
  PolicyOverride policy;
  policy.timeout = timeout;
  policy.backoff_initial = 1s;
  catalog_store_.put_tenant({tenant, name, policy}, entry(tenant, audit::Action::tenant_created));
  for (int n = 0; n < destinations; ++n) {
    Destination d;
    d.tenant_id = tenant;
    d.id.value.bytes[15] = static_cast<std::uint8_t>(++next_destination_);
    d.name = "destination";
    d.adapter = "webhook";
    d.endpoint = "https://h.example/" + std::to_string(n);
    d.subscriptions = {"*"};
    d.config = "{}";
    d.max_in_flight = name == well ? own_slots : slots;
    d.credentials = {{"signing", 1, secret.ends_with('-') ? secret + std::to_string(n) : secret, std::nullopt}};
    catalog_store_.put_destination(d, entry(tenant, audit::Action::destination_changed));
  }
}

void Neighbourhood::add_daemon(int number) {
  Daemon::Setup setup;
  setup.id = "daemon-" + std::to_string(number);
  setup.scheduler.max_in_flight = slots;
  setup.secret_calls = [this](const auto& blocking, const auto& after) {
    hangs_ = false;
    blocking();
    if (hangs_)
      at(timeout, after);
    else
      after();
  };
  const DatabaseSession::World database{database_, clock_, fleet_, inbox_, witness_, faults_, [](const auto&, auto) {}};
  auto daemon = std::make_unique<Daemon>(
      Daemon::Place{clock_, database, catalog_store_, feed_, retention_, random_, faults_, findings_}, setup);
  daemon->engine().provider->asked = [this](const secrets::ResolveQuery& query) {
    hangs_ = query.reference.resource.front().starts_with("mem://hangs");
  };
  daemon->plugins().set_delay([this](const Destination& destination, std::function<void()> go_on) {
    const auto ill = ills_.find(destination.tenant_id.str());
    if (ill == ills_.end() || ill->second != Neighbour::spinning) return false;
    at(timeout - 1s, std::move(go_on));
    return true;
  });
  daemons_.push_back(std::move(daemon));
}

void Neighbourhood::publish(const std::string& tenant, int events) {
  std::vector<delivery::ParsedEvent> batch;
  for (int i = 0; i < events; ++i) {
    delivery::ParsedEvent parsed;
    const std::string id = "e-" + std::to_string(next_event_++);
    parsed.event.tenant_id = *TenantId::parse(tenant);
    parsed.event.event_id = *EventId::parse(id);
    parsed.event.event_type = "alert.created";
    parsed.event.schema_version = "1.0";
    parsed.event.source = "simulation";
    parsed.event.timestamp = "2026-11-23T15:04:05Z";
    parsed.event.payload = "{\"id\":\"" + id + "\"}";
    parsed.content_hash = crypto::sha256(parsed.event.payload);
    if (tenant == well) published_[parsed.event.payload] = clock_.mono_now(), ++seen_.published;
    batch.push_back(std::move(parsed));
  }
  auto& daemon = *daemons_[static_cast<std::size_t>(next_event_) % daemons_.size()];
  daemon.engine().intake.submit(std::move(batch));
  daemon.wake();
}

void Neighbourhood::run_until(MonoTime until) {
  for (;;) {
    MonoTime when = until;
    std::function<void()> what;
    if (!later_.empty() && later_.begin()->first < when) {
      when = later_.begin()->first;
      what = [this] {
        const auto first = std::move(later_.begin()->second);
        later_.erase(later_.begin());
        first();
      };
    }
    for (const auto& daemon : daemons_) {
      if (const auto [at, service] = daemon->next(); at < when) {
        when = at;
        what = [&daemon, which = service] { daemon->run(which); };
      }
      if (const MonoTime answered = daemon->wire().next_answer(); answered < when) {
        when = answered;
        what = [this, &daemon] { daemon->wire().deliver(clock_.mono_now()); };
      }
    }
    if (when > clock_.mono_now()) clock_.advance(std::chrono::ceil<milliseconds>(when - clock_.mono_now()));
    if (!what) return;
    what();
    for (const auto& daemon : daemons_) {
      daemon->wake();
      look_at_requests(*daemon);
    }
    findings_.raise();
  }
}

void Neighbourhood::look_at_requests(Daemon& daemon) {
  for (auto& exchange : daemon.wire().under_way)
    if (!exchange.answer) exchange.answer = answer_to(exchange.request.tenant.str(), exchange.request.body);
}

Wire::Answer Neighbourhood::answer_to(const std::string& tenant, const std::string& event) {
  const MonoTime now = clock_.mono_now();
  delivery::HttpResponse response;
  response.request_sent = true;
  response.status = 200;
  if (tenant == well) {
    if (const auto published = published_.find(event); published != published_.end()) {
      seen_.longest = std::max(seen_.longest, std::chrono::ceil<milliseconds>(now - published->second));
      ++seen_.sent;
      published_.erase(published);
    }
    return {now + answers, response};
  }
  ++seen_.beside;
  switch (ills_.at(tenant)) {
    case Neighbour::slow: return {now + timeout - 1ms, response};
    case Neighbour::dead:
      response.status = 0;
      response.fault = TransportFault::timeout;
      return {now + timeout, response};
    case Neighbour::throttling:
      response.status = 429;
      response.headers = {{"retry-after", "1"}};
      break;
    case Neighbour::flooding:
    case Neighbour::spinning:
    case Neighbour::hanging: break;
  }
  return {now + 1ms, response};
}

void Neighbourhood::run(milliseconds time) {
  for (const auto& [tenant, ill] : ills_) publish(tenant, backlog);
  run_until(clock_.mono_now() + 2s);
  const MonoTime end = clock_.mono_now() + time;
  std::function<void()> flooded, published;
  flooded = [&] {
    for (const auto& [tenant, ill] : ills_)
      if (ill == Neighbour::flooding) publish(tenant, flood);
    at(flood_every, flooded);
  };
  published = [&] {
    publish(well, 1);
    at(every, published);
  };
  at(0ms, flooded);
  at(0ms, published);
  run_until(end);
  later_.clear();
  run_until(clock_.mono_now() + 2s);
}

milliseconds Neighbourhood::run_late(int deliveries, milliseconds lag) {
  publish(well, 1);
  run_until(clock_.mono_now() + 100ms);
  faults_.fixed_lag = lag;
  publish(well, deliveries);
  faults_.fixed_lag = 0ms;
  publish(well, 1);  // which is claimed first, and lies behind them
  const MonoTime began = clock_.mono_now();
  while (!published_.empty() && clock_.mono_now() - began < 5min) run_until(clock_.mono_now() + 10ms);
  return std::chrono::ceil<milliseconds>(clock_.mono_now() - began);
}

}  // namespace opi::simulation
