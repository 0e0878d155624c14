#include "egress/loop.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "foundation/mutex.hpp"

namespace opi::egress {

namespace asio = boost::asio;

// Nothing but a fault of our own ends here: no memory, most likely. What was not sent may be sent again.
void Exchange::complete_as_lost() noexcept {
  try {
    response = delivery::HttpResponse{.request_sent = response.request_sent};
    response.fault = TransportFault::cancelled;
    response.fault_detail = "the daemon could not carry the request on";
    complete();
  } catch (...) {
    // Who is told must not throw, and nobody is left to be told of it.
  }
}

namespace {

constexpr std::size_t max_unused_origins = 1'024;

MonoTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

Loop::Loop(const TransportOptions& options, std::size_t share, Resolver& resolver, const AddressGuard& guard,
           TlsContext& tls)
    : options_(options),
      max_idle_(options.max_idle / share),
      resolver_(resolver),
      guard_(guard),
      tls_(tls),
      wheel_(now()),
      shares_(std::max<std::size_t>(1, options.max_connections / share)) {
  mailbox_->loop = this;
  thread_ = std::thread([this] { run(); });
}

// Until there is nothing left to do, whatever a handler throws.
void Loop::run() noexcept {
  while (!io_.stopped()) guarded([this] { io_.run(); });
}

template <class Step>
void Loop::guarded(Step&& step) noexcept {
  const auto tell = [this](const char* what) {
    if (options_.logger != nullptr) options_.logger->error("egress.failed", {{"error", std::string(what)}});
  };
  try {
    try {
      step();
    } catch (const std::exception& failure) {
      tell(failure.what());
    } catch (...) {
      tell("an exception of no known kind");
    }
  } catch (...) {
    // There is not even the memory to log it.
  }
}

Loop::~Loop() {
  {
    const Lock lock(mailbox_->mutex);
    mailbox_->loop = nullptr;
  }
  stop();
  asio::post(io_, [this] {
    drain();
    tick_timer_.cancel();
    work_.reset();
  });
  thread_.join();
}

void Loop::submit(std::unique_ptr<Exchange> exchange) {
  {
    const Lock lock(inbox_mutex_);
    inbox_.push_back(std::move(exchange));
    if (wake_up_posted_) return;
    wake_up_posted_ = true;
  }
  asio::post(io_, [this] { drain(); });
}

void Loop::stop() {
  asio::post(io_, [this] { cancel_all(); });
}

void Loop::drain() {
  {
    const Lock lock(inbox_mutex_);
    batch_.swap(inbox_);
    wake_up_posted_ = false;
  }
  for (auto& exchange : batch_) guarded([&] { accept(std::move(exchange)); });
  batch_.clear();
}

void Loop::accept(std::unique_ptr<Exchange> exchange) {
  statistics_.requests.fetch_add(1, std::memory_order_relaxed);
  statistics_.in_flight.fetch_add(1, std::memory_order_relaxed);
  exchange->in_flight = &statistics_.in_flight;
  if (stopping_) return fail(std::move(exchange), TransportFault::cancelled, "the daemon is stopping");
  if (exchange->response.fault != TransportFault::none) return finish(std::move(exchange));
  arm(*exchange, exchange->deadline);
  Origin& origin = origin_of(*exchange);
  origin.submit(std::move(exchange));
}

Origin& Loop::origin_of(const Exchange& exchange) {
  const auto found = origins_.find(exchange.origin_key);
  if (found != origins_.end()) return *found->second;
  if (origins_.size() >= max_unused_origins) forget_unused_origins();
  return *origins_.emplace(exchange.origin_key, std::make_unique<Origin>(*this, exchange.url)).first->second;
}

void Loop::forget_unused_origins() {
  std::erase_if(origins_, [](const auto& entry) { return entry.second->unused(); });
}

void Loop::finish(std::unique_ptr<Exchange> exchange) {
  exchange->response.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now() - exchange->started);
  exchange->complete();
}

void Loop::fail(std::unique_ptr<Exchange> exchange, TransportFault fault, std::string detail,
                const std::string& addresses) {
  delivery::HttpResponse response;  // nothing of a response that broke off
  response.fault = fault;
  response.fault_detail = std::move(detail);
  response.peer = exchange->url.authority() + (addresses.empty() ? "" : " at " + addresses);
  response.request_sent = exchange->response.request_sent;
  exchange->response = std::move(response);
  finish(std::move(exchange));
}

void Loop::resolve(const std::string& host, Connection& connection) {
  const auto connection_id = connection.id();
  resolving_.emplace(connection_id, &connection);
  resolver_.resolve(host, *connection.place().tenant(), [box = mailbox_, connection_id](const Resolution& resolution) {
    const Lock lock(box->mutex);
    if (box->loop == nullptr) return;
    asio::post(box->loop->io_, [loop = box->loop, connection_id, resolution] {
      const auto found = loop->resolving_.find(connection_id);
      if (found == loop->resolving_.end()) return;
      Connection& waiting = *found->second;
      loop->resolving_.erase(found);
      waiting.resolved(resolution);
    });
  });
}

void Loop::make_room() {
  if (connections_.size() > shares_.places() && !idle_.empty()) idle_.front().close();
}

void Loop::place_left() {
  if (starved_.empty() || stopping_ || feeding_) return;
  asio::post(io_, [this] { feed_starved(); });
  feeding_ = true;
}

void Loop::add(Connection& connection) {
  connections_.push_back(connection);
  statistics_.connections.fetch_add(1, std::memory_order_relaxed);
}

void Loop::remove(Connection& connection) {
  connections_.erase(connections_.iterator_to(connection));
  resolving_.erase(connection.id());
  statistics_.connections.fetch_sub(1, std::memory_order_relaxed);
}

void Loop::feed_starved() {
  feeding_ = false;
  const auto has_place = [this](const TenantId& tenant) { return has_place_for(tenant); };
  while (const auto* const next = starved_.next(has_place)) {
    const TenantId tenant = *next;
    starved_.pop(tenant)->feed(tenant);
  }
}

void Loop::idle(Connection& connection) {
  idle_.push_back(connection);
  statistics_.idle.fetch_add(1, std::memory_order_relaxed);
  arm(connection, now() + options_.idle_timeout);
  if (idle_.size() > max_idle_) idle_.front().close();
}

void Loop::busy(Connection& connection) {
  idle_.erase(idle_.iterator_to(connection));
  statistics_.idle.fetch_sub(1, std::memory_order_relaxed);
}

void Loop::arm(Deadline& deadline, MonoTime due) {
  wheel_.arm(deadline, due);
  if (due < tick_at_) schedule_tick(due + DeadlineWheel::tick);
}

void Loop::schedule_tick(MonoTime at) {
  tick_at_ = at;
  tick_timer_.expires_at(at);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // moved to an earlier time
    guarded([this] { wheel_.advance(now()); });
    tick_at_ = MonoTime::max();
    if (const auto next = wheel_.next()) schedule_tick(*next);
  });
}

void Loop::cancel_all() {
  stopping_ = true;
  starved_.take_all();
  for (auto& [key, origin] : origins_) origin->cancel_all();
  while (!connections_.empty()) connections_.front().cancel();
}

}  // namespace opi::egress
