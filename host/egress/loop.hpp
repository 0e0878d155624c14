#pragma once
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "egress/address_guard.hpp"
#include "egress/connection.hpp"
#include "egress/exchange.hpp"
#include "egress/origin.hpp"
#include "egress/place.hpp"
#include "egress/resolver.hpp"
#include "egress/transport_options.hpp"
#include "foundation/fair_queue.hpp"
#include "foundation/mutex.hpp"

namespace opi::egress {

// Counts since the start, and what is open now. Read from any thread.
struct LoopStatistics {
  std::atomic<std::uint64_t> requests{0}, opened{0}, reused{0}, retried{0};
  std::atomic<std::int64_t> connections{0}, idle{0}, in_flight{0};
};

// One event loop on a thread of its own, with the origins, connections and requests that belong to it. All
// but submit(), stop() and statistics() is for its own thread. What is thrown in one of its steps ends that step, is
// logged, and the loop goes on; whose request was lost is told by its destruction.
class Loop {
 public:
  // The references outlive the loop. `share` is the part of the options' totals that is this loop's.
  Loop(const TransportOptions& options, std::size_t share, Resolver& resolver, const AddressGuard& guard,
       TlsContext& tls);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Thread-safe; many calls cost one wake-up. If the exchange has a fault already, it is only completed.
  void submit(std::unique_ptr<Exchange> exchange);
  // Thread-safe; returns at once. Completes everything with TransportFault::cancelled, and what comes later too.
  void stop();
  [[nodiscard]] const LoopStatistics& statistics() const { return statistics_; }

  boost::asio::io_context& context() { return io_; }
  [[nodiscard]] const TransportOptions& options() const { return options_; }
  [[nodiscard]] const AddressGuard& guard() const { return guard_; }
  TlsContext& tls() { return tls_; }
  LoopStatistics& counters() { return statistics_; }
  [[nodiscard]] bool stopping() const { return stopping_; }

  void arm(Deadline& deadline, MonoTime due);
  // Ends an exchange, with the response it holds or with a fault.
  void finish(std::unique_ptr<Exchange> exchange);
  void fail(std::unique_ptr<Exchange> exchange, TransportFault fault, std::string detail,
            const std::string& addresses = {});

  // Answers through Connection::resolved(), unless the connection was forgotten meanwhile.
  void resolve(const std::string& host, Connection& connection);

  // The places among all connections that carry a request or are opened for one, which tenants share.
  Shares& shares() { return shares_; }
  [[nodiscard]] bool has_place_for(const TenantId& tenant) const {
    return shares_.may_take(tenant, starved_.has_others_than(tenant));
  }
  // Has Origin::feed() called when there is a place for the tenant; once.
  void starve(Origin& origin, const TenantId& tenant) { starved_.push(tenant, &origin); }
  // A place was given back.
  void place_left();
  // At the limit of connections the longest idle one gives up its own.
  void make_room();
  void add(Connection& connection);
  void remove(Connection& connection);  // closed; it is destroyed when its operations have ended
  void idle(Connection& connection);
  void busy(Connection& connection);
  std::uint64_t next_connection_id() { return ++last_connection_id_; }

 private:
  struct Mailbox {
    Mutex mutex;
    Loop* loop OPI_GUARDED_BY(mutex) = nullptr;
  };

  void run() noexcept;
  template <class Step>
  void guarded(Step&& step) noexcept;
  void drain();
  void accept(std::unique_ptr<Exchange> exchange);
  Origin& origin_of(const Exchange& exchange);
  void forget_unused_origins();
  void cancel_all();
  void schedule_tick(MonoTime at);
  void feed_starved();

  const TransportOptions& options_;
  const std::size_t max_idle_;
  Resolver& resolver_;
  const AddressGuard& guard_;
  TlsContext& tls_;

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  boost::asio::steady_timer tick_timer_{io_};
  MonoTime tick_at_ = MonoTime::max();
  DeadlineWheel wheel_;
  LoopStatistics statistics_;

  std::unordered_map<std::string, std::unique_ptr<Origin>> origins_;
  boost::intrusive::list<Connection, boost::intrusive::base_hook<AllHook>> connections_;
  boost::intrusive::list<Connection, boost::intrusive::base_hook<LruHook>> idle_;  // longest idle first
  Shares shares_;
  FairQueue<TenantId, Origin*> starved_;
  bool feeding_ = false;
  std::unordered_map<std::uint64_t, Connection*> resolving_;
  std::uint64_t last_connection_id_ = 0;
  bool stopping_ = false;

  Mutex inbox_mutex_;
  std::vector<std::unique_ptr<Exchange>> inbox_ OPI_GUARDED_BY(inbox_mutex_);
  std::vector<std::unique_ptr<Exchange>> batch_;  // the inbox's other half, to keep both their capacity
  bool wake_up_posted_ OPI_GUARDED_BY(inbox_mutex_) = false;

  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::thread thread_;
};

}  // namespace opi::egress
