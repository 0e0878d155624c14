#include "delivery/ownership.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace opi::delivery {

std::shared_ptr<const Ownership> Ownership::sole() {
  static const auto all =
      std::make_shared<const Ownership>("self", std::vector<std::string>{"self"}, due_never, MonoTime::max());
  return all;
}

Ownership::Ownership(std::string self, std::vector<std::string> owners, DueTime valid_until, MonoTime valid_here,
                     DueTime since)
    : self_(std::move(self)),
      owners_(std::move(owners)),
      valid_until_(valid_until),
      valid_here_(valid_here),
      since_(since) {}

const std::string* Ownership::owner(const DestinationId& destination) const {
  return owner_of({reinterpret_cast<const char*>(destination.value.bytes.data()), destination.value.bytes.size()});
}

bool Ownership::owns(const DestinationId& destination) const {
  const auto* one = owner(destination);
  return one != nullptr && *one == self_;
}

bool Ownership::leads() const {
  const auto* owner = owner_of("maintenance");
  return owner != nullptr && *owner == self_;
}

bool Ownership::takes_part() const { return std::ranges::find(owners_, self_) != owners_.end(); }

const std::string* Ownership::owner_of(std::string_view what) const {
  if (owners_.size() == 1) return &owners_.front();
  const std::string* best = nullptr;
  crypto::Bytes32 highest{};
  for (const auto& owner : owners_) {
    const auto score = crypto::sha256(owner + '\n' + std::string(what));
    if (best == nullptr || score > highest) {
      best = &owner;
      highest = score;
    }
  }
  return best;
}

}  // namespace opi::delivery
