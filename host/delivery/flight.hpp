#pragma once
#include <boost/intrusive/list.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "delivery/feedback.hpp"
#include "delivery/scheduler.hpp"
#include "delivery/settlement.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// A claimed delivery under way: its claim, its slot and, once its attempt has ended, what is to be written of it.
struct Flight : boost::intrusive::list_base_hook<> {
  Flight(Claim&& its_claim, Slot&& its_slot) noexcept : claim(std::move(its_claim)), slot(std::move(its_slot)) {}

  Claim claim;  // moved into the settlement, if there is one
  Slot slot;
  std::optional<Settlement> settlement;  // none: nothing was sent, it is given back
  Feedback feedback;                     // goes with the settlement
};

// Where flights land. Whoever lets go of one, for whatever reason, has it here: settled if it has a settlement, to be
// given back if not. Landing needs no memory and cannot fail. Thread-safe.
class Landings {
 public:
  struct Land {
    std::shared_ptr<Landings> landings;
    void operator()(Flight* flight) const noexcept { landings->land(*flight); }
  };
  using FlightPtr = std::unique_ptr<Flight, Land>;
  using Queue = boost::intrusive::list<Flight>;

  // `wake` is called when one has landed where none was, and when `batch` have.
  Landings(std::size_t batch, std::function<void()> wake) : batch_(batch), wake_(std::move(wake)) {}
  ~Landings();
  Landings(const Landings&) = delete;
  Landings& operator=(const Landings&) = delete;

  // Throws std::bad_alloc; then claim and slot are as they were.
  static FlightPtr begin(const std::shared_ptr<Landings>& landings, Claim&& claim, Slot&& slot);

  // Moves those that have landed behind `to`, in their order.
  void take(Queue& to);
  [[nodiscard]] std::size_t waiting() const;
  // What lands from now on, and what has landed, is only destroyed: the scheduler may be gone.
  void close();

 private:
  void land(Flight& flight) noexcept;

  const std::size_t batch_;
  const std::function<void()> wake_;
  mutable Mutex mutex_;
  Queue landed_ OPI_GUARDED_BY(mutex_);
  bool closed_ OPI_GUARDED_BY(mutex_) = false;
};

using FlightPtr = Landings::FlightPtr;

}  // namespace opi::delivery
