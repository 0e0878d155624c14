#pragma once
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "delivery/delivery_store.hpp"
#include "delivery/fleet_store.hpp"
#include "delivery/instruments.hpp"
#include "delivery/scheduler.hpp"

namespace opi::delivery {

// Keeps what the scheduler knows of destinations in step with the store: introduces those that are new or have come to
// this daemon, goes round all of them for due work that nobody told of, and writes down pauses and breakers. Claims do
// not wait for it. Small statements, with pauses in proportion to what they cost.
class Discovery {
 public:
  struct Options {
    std::string daemon_id;
    std::chrono::milliseconds interval{1'000};  // between two rounds over all destinations, at least
    int rest = 20;                              // and at least this many times what the round before took,
    // but no longer: a round that was stopped in the middle, with its daemon or by a lock, says nothing about its cost.
    std::chrono::milliseconds longest_rest{30'000};
    // A round looks a stretch before each watermark; this often one looks at everything, which walks what has ended
    // and vacuum has not removed.
    std::chrono::milliseconds everything{60'000};
    std::chrono::milliseconds retry_after_failure{500};
  };
  // `found` is called when the scheduler has learnt of something due.
  Discovery(DeliveryStore& store, FleetStore& fleet, Scheduler& scheduler, const Instruments& instruments,
            std::function<void()> found, Options options);

  // One statement's worth; returns when to run again. One thread.
  std::chrono::milliseconds run_once();

  // Something may be due anywhere, and from long ago: a round over everything begins now. Thread-safe; the service is
  // to be woken.
  void look_everywhere() { wanted_ = true; }

 private:
  bool write_memories();
  bool introduce();
  std::chrono::milliseconds look(MonoTime now);

  DeliveryStore& store_;
  FleetStore& fleet_;
  Scheduler& scheduler_;
  const Instruments instruments_;
  const std::function<void()> found_;
  const Options options_;
  std::atomic<bool> wanted_ = false;
  // Only touched by run_once():
  std::vector<DueSearch> round_;  // what is still to be looked at
  MonoTime round_began_{}, next_round_{}, next_of_everything_{};
  bool of_everything_ = false;
  MonoTime introduced_at_{};
  bool away_ = false;
};

}  // namespace opi::delivery
