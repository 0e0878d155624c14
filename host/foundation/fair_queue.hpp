#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

#include "foundation/check.hpp"

namespace opi {

// What waits, served tenant after tenant, and of each tenant first come first served: who asks for much waits behind
// himself. Not thread-safe.
template <class Tenant, class Item>
class FairQueue {
 public:
  FairQueue() = default;
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  [[nodiscard]] bool empty() const { return turns_.empty(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t size_of(const Tenant& tenant) const {
    const auto found = places_.find(tenant);
    return found == places_.end() ? 0 : found->second->items.size();
  }
  // Whether other tenants wait.
  [[nodiscard]] bool has_others_than(const Tenant& tenant) const {
    return turns_.size() > (places_.contains(tenant) ? 1 : 0);
  }

  void push(const Tenant& tenant, Item item) {
    put(tenant, [&](auto& items) { items.push_back(std::move(item)); });
  }
  // What was taken out and could not be served: its tenant's next.
  void push_front(const Tenant& tenant, Item item) {
    put(tenant, [&](auto& items) { items.push_front(std::move(item)); });
  }

  // The tenant whose turn it is, of those that `may` have one, which is asked in the order of turns; null: there is
  // none. Valid until the queue changes.
  template <class May>
  [[nodiscard]] const Tenant* next(May&& may) const {
    for (const auto& turn : turns_)
      if (may(turn.tenant)) return &turn.tenant;
    return nullptr;
  }
  // The tenant for whom `cost` is least, of several the one whose turn it is; null: nobody waits. Valid likewise.
  template <class Cost>
  [[nodiscard]] const Tenant* least(Cost&& cost) const {
    const auto found = std::ranges::min_element(turns_, {}, [&](const Turn& turn) { return cost(turn.tenant); });
    return found == turns_.end() ? nullptr : &found->tenant;
  }
  // The first of a tenant that has one; then it is the others' turn.
  [[nodiscard]] const Item& first(const Tenant& tenant) const { return place_of(tenant)->items.front(); }
  Item pop(const Tenant& tenant) {
    const auto turn = place_of(tenant);
    Item item = std::move(turn->items.front());
    turn->items.pop_front();
    --size_;
    pass(turn);
    return item;
  }
  // Has the tenant wait for its next turn, if it waits for one.
  void pass(const Tenant& tenant) {
    if (const auto found = places_.find(tenant); found != places_.end()) pass(found->second);
  }

  // The first of the tenant's that `is` it, out of its turn; nullopt if there is none.
  template <class Is>
  std::optional<Item> remove(const Tenant& tenant, Is&& is) {
    const auto found = places_.find(tenant);
    if (found == places_.end()) return std::nullopt;
    auto& items = found->second->items;
    const auto at = std::find_if(items.begin(), items.end(), is);
    if (at == items.end()) return std::nullopt;
    std::optional<Item> item = std::move(*at);
    items.erase(at);
    --size_;
    if (items.empty()) forget(found->second);
    return item;
  }
  // Every one that `is` it, whosever it is, out of turn.
  template <class Is>
  std::deque<Item> remove_all(Is&& is) {
    std::deque<Item> removed;
    for (auto turn = turns_.begin(); turn != turns_.end();) {
      auto& items = turn->items;
      const auto gone =
          std::stable_partition(items.begin(), items.end(), [&](const Item& item) { return !is(turn->tenant, item); });
      std::move(gone, items.end(), std::back_inserter(removed));
      size_ -= static_cast<std::size_t>(items.end() - gone);
      items.erase(gone, items.end());
      const auto here = turn++;
      if (here->items.empty()) forget(here);
    }
    return removed;
  }
  // All of them, in the order in which they would have been served.
  std::deque<Item> take_all() {
    std::deque<Item> all;
    while (!empty()) all.push_back(pop(turns_.front().tenant));
    return all;
  }

 private:
  struct Turn {
    Tenant tenant;
    std::deque<Item> items;  // some, but for a moment
  };
  using Turns = std::list<Turn>;

  template <class Into>
  void put(const Tenant& tenant, Into&& into) {
    if (const auto found = places_.find(tenant); found != places_.end()) {
      into(found->second->items);
    } else {  // all or nothing, should there be no memory
      Turns last;
      last.push_back(Turn{tenant, {}});
      into(last.front().items);
      places_.emplace(tenant, last.begin());
      turns_.splice(turns_.end(), last);
    }
    ++size_;
  }
  [[nodiscard]] typename Turns::iterator place_of(const Tenant& tenant) const {
    const auto found = places_.find(tenant);
    OPI_CHECK(found != places_.end(), size_);
    return found->second;
  }
  void pass(typename Turns::iterator turn) {
    if (turn->items.empty())
      forget(turn);
    else
      turns_.splice(turns_.end(), turns_, turn);
  }
  void forget(typename Turns::iterator turn) {
    places_.erase(turn->tenant);
    turns_.erase(turn);
  }

  Turns turns_;
  std::unordered_map<Tenant, typename Turns::iterator> places_;
  std::size_t size_ = 0;
};

}  // namespace opi
