#pragma once
#include <optional>

#include "domain/clock.hpp"

namespace opi::delivery {

// Whether several tenants have had turns at something lately. What is done in pieces, for whoever's work is there, is
// done in large ones while one tenant is alone, because they cost less, and in small ones beside others, because these
// wait for the piece that has begun. Who comes beside one that was alone waits for a large piece once.
// Not thread-safe.
template <class Tenant>
class Contention {
 public:
  // `remembered`: for how long one that had a turn counts as being there.
  explicit Contention(MonoTime::duration remembered) : remembered_(remembered) {}

  void had_turn(const Tenant& tenant, MonoTime now) {
    if (latest_ && *latest_ != tenant) before_at_ = latest_at_;
    latest_ = tenant;
    latest_at_ = now;
  }
  [[nodiscard]] bool present(MonoTime now) const { return before_at_ && now - *before_at_ <= remembered_; }

 private:
  const MonoTime::duration remembered_;
  std::optional<Tenant> latest_;
  MonoTime latest_at_{};
  std::optional<MonoTime> before_at_;  // of the last turn of anybody but the latest
};

}  // namespace opi::delivery
