#pragma once
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "foundation/check.hpp"
#include "foundation/fair_share.hpp"

namespace opi {

// How a bounded number of places, such as connections or threads, is shared by the tenants that want them:
// - A tenant that has others beside it takes a further place while it holds fewer than are free: no more than it leaves
//   (the dynamic thresholds of switches with a shared memory; Choudhury and Hahne, 1998). Many who want all come to
//   hold equal parts, with one more such part free.
// - One that is alone takes all but a reserve, an eighth of the places: what is idle is borrowed.
// So whoever comes beside one that was alone finds a place at once, and half of the reserve in all, whatever the other
// one holds and for however long. Of those who come after it each finds half of what is left then. Where nothing is
// free, he who holds no place has the next one that is given back before any who hold some.
// Not thread-safe.
template <class Tenant>
class TenantShares {
 public:
  explicit TenantShares(std::size_t places) : places_(places) {}

  // What one tenant leaves free while it is alone; of fewer than four places none.
  [[nodiscard]] std::size_t reserve() const {
    return static_cast<std::size_t>(reserve_of(static_cast<std::int64_t>(places_)));
  }
  [[nodiscard]] std::size_t places() const { return places_; }
  [[nodiscard]] std::size_t taken() const { return taken_; }
  [[nodiscard]] std::size_t free() const { return places_ - taken_; }
  [[nodiscard]] std::size_t held_by(const Tenant& tenant) const {
    const auto found = held_.find(tenant);
    return found == held_.end() ? 0 : found->second;
  }

  // `others_wait`: whether there are tenants that wait for a place, beside those that hold some.
  [[nodiscard]] bool may_take(const Tenant& tenant, bool others_wait) const {
    const auto held = held_by(tenant);
    const auto count = [](std::size_t places) { return static_cast<std::int64_t>(places); };
    return further_places(count(held), count(free()), count(places_), !others_wait && held == taken_) > 0;
  }
  void take(const Tenant& tenant) {
    OPI_CHECK(taken_ < places_, taken_, places_);
    ++held_[tenant];
    ++taken_;
  }
  void give_back(const Tenant& tenant) {
    const auto found = held_.find(tenant);
    OPI_CHECK(found != held_.end(), taken_, places_);
    if (--found->second == 0) held_.erase(found);
    --taken_;
  }

 private:
  const std::size_t places_;
  std::size_t taken_ = 0;
  std::unordered_map<Tenant, std::size_t> held_;  // of those that hold some
};

// A place that a tenant holds for as long as this lives: whatever is thrown, it is given back, once. The shares outlive
// it.
template <class Tenant>
class HeldPlace {
 public:
  HeldPlace() = default;  // none
  HeldPlace(TenantShares<Tenant>& shares, Tenant tenant) : tenant_(std::move(tenant)) {
    shares.take(tenant_);
    shares_ = &shares;
  }
  HeldPlace(HeldPlace&& other) noexcept
      : shares_(std::exchange(other.shares_, nullptr)), tenant_(std::move(other.tenant_)) {}
  HeldPlace& operator=(HeldPlace&& other) noexcept {
    HeldPlace former(std::move(*this));
    shares_ = std::exchange(other.shares_, nullptr);
    tenant_ = std::move(other.tenant_);
    return *this;
  }
  HeldPlace(const HeldPlace&) = delete;
  HeldPlace& operator=(const HeldPlace&) = delete;
  ~HeldPlace() {
    if (shares_ != nullptr) shares_->give_back(tenant_);
  }

  // Null: it is none.
  [[nodiscard]] const Tenant* tenant() const { return shares_ == nullptr ? nullptr : &tenant_; }
  explicit operator bool() const { return shares_ != nullptr; }

 private:
  TenantShares<Tenant>* shares_ = nullptr;
  Tenant tenant_;
};

}  // namespace opi
