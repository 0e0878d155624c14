#include "egress/origin.hpp"

#include "egress/loop.hpp"

namespace opi::egress {

void Exchange::expired() {
  if (connection != nullptr)
    connection->exchange_expired();
  else
    origin->expire(*this);
}

Origin::Origin(Loop& loop, Url url)
    : loop_(loop), url_(std::move(url)), shares_(loop.options().max_connections_per_origin) {}

void Origin::submit(std::unique_ptr<Exchange> exchange) {
  exchange->origin = this;
  client_certificate_ = exchange->client_certificate;
  if (waiting_.empty() && fresh_waiting_.empty() && !idle_.empty() && admits(exchange->tenant))
    return carry(take_idle(), std::move(exchange));
  const TenantId tenant = exchange->tenant;
  waiting_.push(tenant, std::move(exchange));
  serve();
}

void Origin::retry(std::unique_ptr<Exchange> exchange) {
  client_certificate_ = exchange->client_certificate;
  const TenantId tenant = exchange->tenant;
  fresh_waiting_.push(tenant, std::move(exchange));
  serve();
}

void Origin::expire(Exchange& exchange) {
  Queue& queue = exchange.retried ? fresh_waiting_ : waiting_;
  const TenantId tenant = exchange.tenant;
  auto expired = queue.remove(tenant, [&](const auto& one) { return one.get() == &exchange; });
  const Phase phase = connecting_for(tenant) > 0 ? Phase::connecting : Phase::waiting;
  loop_.fail(std::move(*expired), TransportFault::timeout,
             "no response from the receiver within " + std::to_string(exchange.timeout.count()) + " ms, while " +
                 std::string{to_string(phase)});
}

void Origin::cancel_all() {
  starving_.clear();
  for (Queue* queue : {&fresh_waiting_, &waiting_})
    for (auto& exchange : queue->take_all())
      loop_.fail(std::move(exchange), TransportFault::cancelled, "the daemon is stopping");
}

void Origin::feed(const TenantId& tenant) {
  starving_.erase(tenant);
  serve();
}

// Whether the tenant may have a place, here and in the loop. Where the loop alone has none, it tells when it has.
bool Origin::admits(const TenantId& tenant) {
  const bool others_wait = waiting_.has_others_than(tenant) || fresh_waiting_.has_others_than(tenant);
  if (!shares_.may_take(tenant, others_wait)) return false;
  if (loop_.has_place_for(tenant)) return true;
  if (starving_.insert(tenant).second) loop_.starve(*this, tenant);
  return false;
}

// Whoever waits and may have a place gets one: an idle connection, or one that is opened.
void Origin::serve() {
  open_for(fresh_waiting_);
  const auto admitted = [this](const TenantId& tenant) { return admits(tenant); };
  while (!idle_.empty()) {
    const auto* const tenant = waiting_.next(admitted);
    if (tenant == nullptr) break;
    carry(take_idle(), waiting_.pop(*tenant));
  }
  open_for(waiting_);
}

void Origin::open_for(Queue& queue) {
  const auto may_open = [this](const TenantId& tenant) {
    return connecting_for(tenant) < waiting_.size_of(tenant) + fresh_waiting_.size_of(tenant) && admits(tenant);
  };
  while (const auto* const next = queue.next(may_open)) {
    const TenantId tenant = *next;
    queue.pass(tenant);
    ++connecting_[tenant];
    ++open_;
    Connection::open(loop_, *this, Place(shares_, loop_.shares(), tenant));
    // Places are those that carry something: where all are open, some are idle and make room.
    if (open_ > shares_.places() && !idle_.empty()) idle_.back().close();
    loop_.make_room();
  }
}

Connection& Origin::take_idle() {
  Connection& connection = idle_.front();
  idle_.pop_front();
  loop_.busy(connection);
  return connection;
}

void Origin::carry(Connection& connection, std::unique_ptr<Exchange> exchange) {
  connection.take(Place(shares_, loop_.shares(), exchange->tenant));
  connection.start(std::move(exchange));
}

std::size_t Origin::connecting_for(const TenantId& tenant) const {
  const auto found = connecting_.find(tenant);
  return found == connecting_.end() ? 0 : found->second;
}

void Origin::connecting_ended(const TenantId& tenant) {
  const auto found = connecting_.find(tenant);
  OPI_CHECK(found != connecting_.end(), open_);
  if (--found->second == 0) connecting_.erase(found);
}

void Origin::let_go(Connection& connection) {
  connection.take(Place());
  loop_.place_left();
}

// It goes to whom it was opened for, if he still waits.
void Origin::connected(Connection& connection) {
  const TenantId tenant = *connection.place().tenant();
  connecting_ended(tenant);
  for (Queue* queue : {&fresh_waiting_, &waiting_})
    if (queue->size_of(tenant) > 0) return connection.start(queue->pop(tenant));
  let_go(connection);
  for (Queue* queue : {&fresh_waiting_, &waiting_})
    if (const auto* const other = queue->next([this](const TenantId& one) { return admits(one); }))
      return carry(connection, queue->pop(*other));
  rest(connection);
}

void Origin::released(Connection& connection) {
  let_go(connection);
  if (fresh_waiting_.empty())
    if (const auto* const next = waiting_.next([this](const TenantId& tenant) { return admits(tenant); }))
      return carry(connection, waiting_.pop(*next));
  rest(connection);
  serve();
}

void Origin::rest(Connection& connection) {
  idle_.push_front(connection);
  loop_.idle(connection);
}

// Nobody waits any more if all of the tenant's went by other connections or ran out of time.
void Origin::connect_failed(Connection& connection, TransportFault fault, const std::string& detail,
                            const std::string& addresses) {
  const TenantId tenant = *connection.place().tenant();
  for (Queue* queue : {&fresh_waiting_, &waiting_})
    if (queue->size_of(tenant) > 0) return loop_.fail(queue->pop(tenant), fault, detail, addresses);
}

void Origin::closed(Connection& connection, bool was_connecting) {
  if (static_cast<IdleHook&>(connection).is_linked()) {
    idle_.erase(idle_.iterator_to(connection));
    loop_.busy(connection);
  }
  --open_;
  if (was_connecting) connecting_ended(*connection.place().tenant());
  let_go(connection);
  if (!loop_.stopping()) serve();
  if (unused()) client_certificate_.reset();
}

}  // namespace opi::egress
