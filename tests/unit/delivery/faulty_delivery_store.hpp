#pragma once
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "delivery/delivery_store.hpp"

namespace opi::test {

enum class StoreOperation { insert, stored, claim, settle, release, take_over, discover };

enum class StoreFault {
  none,
  unavailable,    // before the commit: nothing happened
  refused,        // the schema forbids the content
  in_doubt_done,  // after the commit: it happened, and the answer was lost
  in_doubt_lost,  // the connection was lost before the commit: nothing happened, but nobody knows
};

// A store in front of a real one that fails as it is told. Thread-safe if `choose` is.
class FaultyDeliveryStore final : public delivery::DeliveryStore {
 public:
  explicit FaultyDeliveryStore(delivery::DeliveryStore& inner) : inner_(inner) {}

  // Asked before each operation; runs before the real one, so that it may also act as something slow.
  std::function<StoreFault(StoreOperation)> choose = [](StoreOperation) { return StoreFault::none; };

  // The next `times` operations of this kind fail so; the others do not.
  void fail_next(StoreOperation operation, StoreFault fault, int times = 1) {
    choose = [operation, fault, times](StoreOperation now) mutable {
      return now == operation && times-- > 0 ? fault : StoreFault::none;
    };
  }

  delivery::InsertReport insert(std::span<const delivery::NewEvent> events, std::int64_t revision) override {
    return guarded(StoreOperation::insert, [&] { return inner_.insert(events, revision); });
  }
  std::vector<bool> stored(std::span<const delivery::NewEvent> events) override {
    return guarded(StoreOperation::stored, [&] { return inner_.stored(events); });
  }
  void announce(std::span<const DestinationId> destinations) override { inner_.announce(destinations); }
  std::vector<delivery::Claim> claim(std::span<const delivery::ClaimRequest> requests,
                                     const delivery::ClaimTerms& terms) override {
    return guarded(StoreOperation::claim, [&] { return inner_.claim(requests, terms); });
  }
  std::vector<delivery::SettleResult> settle(std::span<const delivery::Settlement> settlements) override {
    batches.push_back(settlements.size());
    return guarded(StoreOperation::settle, [&] { return inner_.settle(settlements); });
  }
  void release(std::span<const delivery::Claim> claims) override {
    guarded(StoreOperation::release, [&] { return inner_.release(claims), 0; });
  }
  std::vector<delivery::Claim> take_over_expired(int limit, const std::string& daemon_id,
                                                 std::chrono::milliseconds lease) override {
    return guarded(StoreOperation::take_over, [&] { return inner_.take_over_expired(limit, daemon_id, lease); });
  }
  int wake_stranded() override { return inner_.wake_stranded(); }
  std::vector<delivery::DueDestination> due_destinations(std::span<const delivery::DueSearch> searches) override {
    return guarded(StoreOperation::discover, [&] { return inner_.due_destinations(searches); });
  }

  std::vector<std::size_t> batches;  // sizes of the settlements that were submitted

 private:
  template <class Run>
  std::invoke_result_t<Run> guarded(StoreOperation operation, Run run) {
    const StoreFault fault = choose(operation);
    if (fault == StoreFault::unavailable) throw StoreUnavailable("injected: the store is away");
    if (fault == StoreFault::refused) throw StoreRefused("injected: against the schema");
    if (fault == StoreFault::in_doubt_lost) throw CommitInDoubt("injected: the connection was lost");
    auto result = run();
    if (fault == StoreFault::in_doubt_done) throw CommitInDoubt("injected: the connection was lost");
    return result;
  }

  delivery::DeliveryStore& inner_;
};

}  // namespace opi::test
