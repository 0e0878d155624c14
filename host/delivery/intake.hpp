#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <vector>

#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/envelope.hpp"
#include "delivery/instruments.hpp"
#include "delivery/work_news.hpp"
#include "domain/new_uuid.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// More events wait for their commit than the daemon will hold.
class IntakeOverloaded : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The daemon is stopping.
class IntakeClosed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Turns events into deliveries and stores both: what many producers hand in at the same time is committed
// together. submit() may be called by any thread; run_once() by one.
class Intake {
 public:
  struct Options {
    std::size_t batch_events = 500;  // committed together at most
    std::size_t batch_bytes = 8 * 1024 * 1024;
    std::size_t waiting_events = 20'000;      // beyond this, submit() refuses
    std::chrono::milliseconds doubt{30'000};  // how long a store that took no events is taken not to
  };
  // `wake_writer` is called when submit() has left something for run_once().
  Intake(DeliveryStore& store, CatalogCache& catalog, WorkNews& news, const Instruments& instruments,
         std::function<void()> wake_writer, const Options& options);

  // Blocks until the events are committed; one result per event, in order. All or none of them are stored.
  // Throws StoreUnavailable, IntakeOverloaded, IntakeClosed, and then none is stored; CommitInDoubt, and then all are
  // or none is. The same events may be handed in again after any of them.
  std::vector<InsertResult> submit(std::vector<ParsedEvent> events);

  // Stores one event for one destination, whatever it subscribes to, with the audit entry of whoever caused it; on the
  // caller's thread. nullopt if the tenant has no such destination or it is disabled. Throws as submit() does.
  std::optional<DeliveryId> submit_for(const TenantId& tenant, const DestinationId& destination, ParsedEvent event,
                                       const audit::Entry& entry);

  // Stores an event of the host's own for whoever subscribes to its type except the destination that it is about; on
  // the caller's thread. How many it goes to. Harmless to repeat. Throws as submit() does.
  std::size_t publish_own(ParsedEvent event, const DestinationId& about);

  // Commits one batch of what is waiting. False if nothing was.
  bool run_once();

  // False for a while after the store took no events, until it takes some: something else, a small mark say, may still
  // fit where events do not. Never waits. Thread-safe.
  [[nodiscard]] bool is_storing() const;

  // Refuses further events; those already waiting are still committed by run_once().
  void close();

 private:
  struct Submission {
    std::vector<ParsedEvent> events;
    std::size_t bytes = 0;
    std::promise<std::vector<InsertResult>> done;
  };

  std::vector<Submission> take_batch();
  void commit(std::vector<Submission>& batch);
  void not_stored(std::vector<Submission>& batch);
  void judge_others(std::vector<Submission>& batch, const std::vector<ParsedEvent*>& events,
                    const std::vector<std::size_t>& position, const std::vector<InsertResult>& results,
                    std::vector<InsertResult>& repeated);
  InsertReport insert(const std::vector<ParsedEvent*>& events);
  InsertReport store_routed(const std::function<std::vector<NewEvent>(const Catalog&)>& route);
  bool reads_back(const std::vector<NewEvent>& events);
  std::vector<NewEvent> route(const std::vector<ParsedEvent*>& events, const Catalog& catalog, UuidSequence& ids);

  DeliveryStore& store_;
  CatalogCache& catalog_;
  WorkNews& news_;
  const Instruments instruments_;
  const std::function<void()> wake_writer_;
  const Options options_;
  UuidSequence delivery_ids_;  // run_once()'s: what falls due at once goes in the order in which it was handed in
  mutable Mutex mutex_;
  std::optional<MonoTime> not_stored_at_ OPI_GUARDED_BY(mutex_);  // the last time, if nothing was stored since
  std::deque<Submission> waiting_ OPI_GUARDED_BY(mutex_);
  std::size_t waiting_events_ OPI_GUARDED_BY(mutex_) = 0;
  bool closed_ OPI_GUARDED_BY(mutex_) = false;
};

}  // namespace opi::delivery
