#pragma once
#include <functional>
#include <new>
#include <set>
#include <stdexcept>

#include "simulation/dice.hpp"
#include "unit/delivery/faulty_delivery_store.hpp"

namespace opi::simulation {

// What goes wrong beside what daemons and receivers do themselves: the database, memory, defects.
class Faults {
 public:
  explicit Faults(Dice& dice) : dice_(dice) {}

  struct Counts {
    int store = 0, thrown = 0, refused = 0, stalls = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] bool on() const { return share_ > 0; }
  void end() { share_ = 0, outage_ = 0; }

  // What becomes of one operation of the store; throws what a store never should.
  test::StoreFault of(test::StoreOperation operation) {
    using test::StoreFault;
    using Operation = test::StoreOperation;
    if (outage_ > 0) {
      --outage_;
      return StoreFault::unavailable;
    }
    if (!dice_.chance(share_)) return StoreFault::none;
    ++counts_.store;
    if (dice_.chance(0.1)) outage_ = dice_.pick(20);
    if (dice_.chance(0.1)) something_throws();
    if (operation == Operation::stored || operation == Operation::discover) return StoreFault::unavailable;
    if (operation == Operation::settle && dice_.chance(0.2)) return StoreFault::refused;
    switch (dice_.pick(3)) {
      case 0: return StoreFault::unavailable;
      case 1: return StoreFault::in_doubt_done;
      default: return StoreFault::in_doubt_lost;
    }
  }

  std::chrono::milliseconds fixed_lag{0};  // of every transaction that writes, if there is one

  // Called where a plugin, a provider or the host itself may run out of memory or have a defect.
  void somewhere() {
    if (dice_.chance(share_ / 4)) something_throws();
  }
  // How long an operation of the database takes, before it happens and after that: mostly no time at all.
  std::chrono::milliseconds stall() {
    if (!dice_.chance(share_ / 4)) return std::chrono::milliseconds{0};
    ++counts_.stalls;
    return dice_.up_to(std::chrono::seconds{dice_.chance(0.2) ? 40 : 5});
  }
  // The store will not have what is written under this id, now or ever: a defect of ours.
  void refuse(const Uuid& what) { counts_.refused += refused_.insert(what).second ? 1 : 0; }
  [[nodiscard]] bool refuses(const Uuid& what) const { return refused_.contains(what); }
  // How long ago a transaction that writes began when it is committed.
  std::chrono::milliseconds lag() {
    if (fixed_lag.count() > 0) return fixed_lag;
    if (!on() || !dice_.chance(0.2)) return std::chrono::milliseconds{0};
    return dice_.up_to(std::chrono::seconds{dice_.chance(0.2) ? 30 : 2});
  }

 private:
  void something_throws() {
    ++counts_.thrown;
    if (dice_.chance(0.5)) throw std::bad_alloc();
    throw std::runtime_error("injected: a defect");
  }

  Dice& dice_;
  double share_ = 0.05;
  int outage_ = 0;  // operations for which the store is still away
  std::set<Uuid> refused_;
  Counts counts_;
};

}  // namespace opi::simulation
