#pragma once
#include <gtest/gtest.h>

#include <map>

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
  void update(Scheduler& scheduler) {
    Catalog catalog;
    for (const auto& [n, d] : all) {
      auto shared = std::make_shared<const Destination>(d);
      catalog.destinations[d.id] = shared;
      catalog.by_tenant[d.tenant_id].push_back(shared);
    }
    scheduler.update(catalog);
  }
  void due(Scheduler& scheduler, std::initializer_list<int> numbers) {
    for (const int n : numbers) scheduler.mark_due(destination_id(n), now);
  }
  // What a plan grants, by destination.
  static std::map<int, int> grants(const std::vector<ClaimRequest>& requests) {
    std::map<int, int> result;
    for (const auto& request : requests)
      result[request.destination.value.bytes[14] * 256 + request.destination.value.bytes[15]] += request.limit;
    return result;
  }
  // The claims of a store that has `count` due deliveries of each request, the last due at `due_at`.
  static std::vector<Claim> claims(const std::vector<ClaimRequest>& requests, int count, DueTime due_at = 1'000) {
    std::vector<Claim> result;
    for (const auto& request : requests)
      for (int i = 0; i < std::min(count, request.limit); ++i) {
        Claim::Data data;
        data.destination = request.destination;
        data.due_at = due_at;
        result.emplace_back(std::move(data));
      }
    return result;
  }
  void finish(Scheduler& scheduler, int n, int count = 1, Feedback feedback = {Feedback::Kind::answered, {}, {}}) {
    for (int i = 0; i < count; ++i) scheduler.finished(destination_id(n), feedback, now);
  }

  using Grants = std::map<int, int>;
  std::map<int, Destination> all;
  MonoTime now{std::chrono::hours{1}};
};

}  // namespace opi::delivery
