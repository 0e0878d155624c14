#pragma once
#include <map>

#include "delivery/contention.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/instruments.hpp"
#include "delivery/operation.hpp"
#include "delivery/waiting_deliveries.hpp"

namespace opi::delivery {

// Works operations off: a piece of one, then of the next, with pauses between, so that neither memory nor the store is
// held by a long one. What is written down after each piece lets any daemon go on after this one. A piece whose end was
// not written down is done again, which moves nothing twice; what it moved is then missing from `done`.
class OperationRunner {
 public:
  struct Options {
    int piece = 200;
    int small_piece = 64;  // while several tenants have operations
    int looked_at = 100;   // running ones
    std::chrono::milliseconds pause{20};
    std::chrono::milliseconds interval{1'000};  // while there is none
  };
  OperationRunner(OperationStore& store, WaitingDeliveries& waiting, DeadLetters& ended, const Instruments& instruments,
                  const Options& options)
      : store_(store), waiting_(waiting), ended_(ended), instruments_(instruments), options_(options) {}

  // Does one piece; returns when to run again. One thread. Throws StoreUnavailable, CommitInDoubt: the next run goes
  // on.
  std::chrono::milliseconds run_once();

 private:
  // The one whose turn it is, or nullptr if the rates of all forbid it now.
  const Operation* next_of(const std::vector<Operation>& running, MonoTime now) const;
  [[nodiscard]] int size_of(const Operation& operation, MonoTime now) const;
  MovedPiece do_piece(const Operation& operation, int size);
  void finish(Operation& operation, OperationState state, std::string error = {});

  OperationStore& store_;
  WaitingDeliveries& waiting_;
  DeadLetters& ended_;
  const Instruments instruments_;
  const Options options_;
  Contention<TenantId> contention_{std::chrono::seconds{10}};
  OperationId latest_;
  std::map<OperationId, MonoTime> not_before_;  // of those with a rate
};

}  // namespace opi::delivery
