#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "delivery/scheduler.hpp"

namespace opi::delivery {

// Destinations by small numbers, and a scheduler that is told of them.
class Scheduling : public testing::Test {
 protected:
  static DestinationId destination_id(int n) {
    DestinationId id;
    id.value.bytes[15] = static_cast<std::uint8_t>(n);
    id.value.bytes[14] = static_cast<std::uint8_t>(n >> 8);
    return id;
  }
  Destination& add(int n, const char* tenant = "acme") {
    Destination& d = all[n];
    d.id = destination_id(n);
    d.tenant_id = *TenantId::parse(tenant);
    d.max_in_flight = 100;
    return d;
  }
  // It outlives the slots.
  Scheduler& make(const Scheduler::Options& options) {
    return *schedulers.emplace_back(std::make_unique<Scheduler>(options));
  }
  void update(Scheduler& scheduler) {
    Catalog catalog;
    for (const auto& [n, d] : all) {
      auto shared = std::make_shared<const Destination>(d);
      catalog.destinations[d.id] = shared;
      catalog.by_tenant[d.tenant_id].push_back(shared);
    }
    scheduler.update(catalog);
    introduce(scheduler);
  }
  // What the store has to say of those that are new: nothing.
  void introduce(Scheduler& scheduler) {
    for (const auto& id : scheduler.to_introduce(1'000, false)) scheduler.introduce({.destination = id}, {}, now);
  }
  void due(Scheduler& scheduler, std::initializer_list<int> numbers) {
    for (const int n : numbers) scheduler.mark_due(destination_id(n), now);
  }
  // What a plan grants, by destination.
  static std::map<int, int> grants(const ClaimPlan& plan) {
    std::map<int, int> result;
    for (const auto& request : plan.requests()) result[number(request.destination)] += request.limit;
    return result;
  }
  static int number(const DestinationId& id) { return id.value.bytes[14] * 256 + id.value.bytes[15]; }
  // The answer of a store that has `count` due deliveries for each request, the last due at `due_at`. Returns how many
  // there are. Their slots are held here until finish() or release().
  int claim(ClaimPlan&& plan, int count, DueTime due_at = 1'000) {
    std::vector<Claim> claims;
    for (const auto& request : plan.requests())
      for (int i = 0; i < std::min(count, request.limit); ++i) {
        Claim::Data data;
        data.destination = request.destination;
        data.due_at = due_at;
        claims.emplace_back(std::move(data));
      }
    plan.ask();
    auto fresh = plan.claimed(claims, now);
    for (std::size_t i = 0; i < fresh.size(); ++i) slots[number(claims[i]->destination)].push_back(std::move(fresh[i]));
    return static_cast<int>(fresh.size());
  }
  void finish(int n, int count = 1, Feedback feedback = {Feedback::Kind::answered, {}, {}}) {
    for (int i = 0; i < count; ++i) take(n).finish(feedback, now);
  }
  void release(int n, int count = 1) {
    for (int i = 0; i < count; ++i) take(n).release();
  }
  Slot take(int n) {
    Slot slot = std::move(slots.at(n).front());
    slots.at(n).pop_front();
    return slot;
  }

  using Grants = std::map<int, int>;
  std::map<int, Destination> all;
  MonoTime now{std::chrono::hours{1}};
  std::vector<std::unique_ptr<Scheduler>> schedulers;
  std::map<int, std::deque<Slot>> slots;
};

}  // namespace opi::delivery
