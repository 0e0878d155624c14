#include "egress/origin.hpp"

#include "egress/loop.hpp"

namespace opi::egress {

void Exchange::expired() {
  if (connection != nullptr)
    connection->exchange_expired();
  else
    origin->expire(*this);
}

Origin::Origin(Loop& loop, Url url) : loop_(loop), url_(std::move(url)) {}

std::unique_ptr<Exchange> Origin::pop(Queue& queue) {
  std::unique_ptr<Exchange> exchange{&queue.front()};
  queue.pop_front();
  return exchange;
}

void Origin::submit(std::unique_ptr<Exchange> exchange) {
  exchange->origin = this;
  client_certificate_ = exchange->client_certificate;
  if (waiting_.empty() && !idle_.empty()) {
    Connection& connection = idle_.front();
    idle_.pop_front();
    loop_.busy(connection);
    connection.start(std::move(exchange));
    return;
  }
  waiting_.push_back(*exchange.release());
  grow();
}

void Origin::retry(std::unique_ptr<Exchange> exchange) {
  client_certificate_ = exchange->client_certificate;
  fresh_waiting_.push_back(*exchange.release());
  grow();
}

void Origin::expire(Exchange& exchange) {
  Queue& queue = exchange.retried ? fresh_waiting_ : waiting_;
  queue.erase(queue.iterator_to(exchange));
  const Phase phase = connecting_ > 0 ? Phase::connecting : Phase::waiting;
  loop_.fail(std::unique_ptr<Exchange>{&exchange}, TransportFault::timeout,
             "no response from the receiver within " + std::to_string(exchange.timeout.count()) + " ms, while " +
                 std::string{to_string(phase)});
}

void Origin::cancel_all() {
  for (Queue* queue : {&fresh_waiting_, &waiting_})
    while (!queue->empty()) loop_.fail(pop(*queue), TransportFault::cancelled, "the daemon is stopping");
}

void Origin::grow() {
  while (connecting_ < waiting_.size() + fresh_waiting_.size()) {
    // Those who need a new connection get no idle one, so at the limit an idle one makes room.
    if (open_ >= loop_.options().max_connections_per_origin && !idle_.empty()) return idle_.back().close();
    if (open_ >= loop_.options().max_connections_per_origin || !loop_.take_place(*this)) return;
    ++open_;
    ++connecting_;
    Connection::open(loop_, *this);
  }
}

void Origin::connected(Connection& connection) {
  --connecting_;
  if (!fresh_waiting_.empty())
    connection.start(pop(fresh_waiting_));
  else if (!waiting_.empty())
    connection.start(pop(waiting_));
  else
    rest(connection);
}

void Origin::released(Connection& connection) {
  if (fresh_waiting_.size() > connecting_) {
    // They were first, and at the limit nobody else would make room for their connection.
    connection.close();
    return;
  }
  if (!waiting_.empty())
    connection.start(pop(waiting_));
  else
    rest(connection);
}

void Origin::rest(Connection& connection) {
  idle_.push_front(connection);
  loop_.idle(connection);
}

void Origin::connect_failed(TransportFault fault, const std::string& detail, const std::string& addresses) {
  Queue& queue = fresh_waiting_.empty() ? waiting_ : fresh_waiting_;
  // Nobody waits any more if all went by other connections or ran out of time.
  if (!queue.empty()) loop_.fail(pop(queue), fault, detail, addresses);
}

void Origin::closed(Connection& connection, bool was_connecting) {
  if (static_cast<IdleHook&>(connection).is_linked()) {
    idle_.erase(idle_.iterator_to(connection));
    loop_.busy(connection);
  }
  --open_;
  if (was_connecting) --connecting_;
  if (!loop_.stopping()) grow();
  if (unused()) client_certificate_.reset();
}

}  // namespace opi::egress
