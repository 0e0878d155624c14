#pragma once
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "delivery/inbox.hpp"

namespace opi::simulation {

// The inbox of one database as PostgreSQL keeps it (its own tests hold the real one to the same): what producers
// published in transactions of their own waits in order, and is locked by whoever takes it.
class InboxModel {
 public:
  struct Entry {
    std::string envelope;
    bool locked = false;
    std::string refused;  // why, if it was
  };

  // Called with the events that are being taken, and with those that were.
  std::function<void(const std::vector<std::string>&events)> takes_in = [](const auto&) {}, took_in = takes_in;

  void publish(const std::string& event, std::string envelope) {
    entries_.emplace_back(event, Entry{std::move(envelope)});
  }
  [[nodiscard]] std::size_t waiting() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(entries_, [](const auto& one) { return one.second.refused.empty(); }));
  }
  // By the events that they bear.
  [[nodiscard]] std::set<std::string> refused() const {
    std::set<std::string> result;
    for (const auto& [event, entry] : entries_)
      if (!entry.refused.empty()) result.insert(event);
    return result;
  }

  // What one transaction has locked; unlocked again at its end, whatever comes of it.
  class Batch {
   public:
    Batch(InboxModel& inbox, int limit) : inbox_(inbox) {
      for (auto& [event, entry] : inbox_.entries_) {
        if (static_cast<int>(events.size()) == limit) break;
        if (entry.locked || !entry.refused.empty()) continue;
        entry.locked = true;
        events.push_back(event);
        envelopes.push_back({entry.envelope, "database:simulation"});
      }
      inbox_.takes_in(events);
    }
    ~Batch() {
      for (auto& [event, entry] : inbox_.entries_)
        if (std::ranges::find(events, event) != events.end()) entry.locked = false;
    }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    void commit(const std::vector<delivery::Inbox::Refusal>& refusals) {
      std::vector<std::string> gone;
      for (std::size_t i = 0; i < events.size(); ++i) {
        const auto own = std::ranges::find(inbox_.entries_, events[i], &Entries::value_type::first);
        if (!refusals.at(i).empty()) {
          own->second.refused = refusals[i];
          continue;
        }
        gone.push_back(events[i]);
        inbox_.entries_.erase(own);
      }
      inbox_.took_in(gone);
    }

    std::vector<std::string> events;
    std::vector<delivery::Inbox::Envelope> envelopes;

   private:
    InboxModel& inbox_;
  };

 private:
  using Entries = std::vector<std::pair<std::string, Entry>>;  // the oldest first
  Entries entries_;
};

}  // namespace opi::simulation
