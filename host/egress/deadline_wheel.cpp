#include "egress/deadline_wheel.hpp"

#include <algorithm>

namespace opi::egress {

void DeadlineWheel::arm(Deadline& deadline, MonoTime due) {
  deadline.disarm();
  deadline.due_ = due;
  // Rounded up, so that its slot is looked at only when all of it is over; past ones come with the next tick.
  const std::int64_t at = std::max(tick_of(due) + 1, done_ + 1);
  slots_[static_cast<std::size_t>(at) % slot_count].push_back(deadline);
}

void DeadlineWheel::advance(MonoTime now) {
  const std::int64_t current = tick_of(now);
  // After a long pause one turn visits every slot.
  std::int64_t at = std::max(done_ + 1, current - static_cast<std::int64_t>(slot_count) + 1);
  for (; at <= current; ++at) {
    done_ = at;
    Slot& slot = slots_[static_cast<std::size_t>(at) % slot_count];
    Slot due;
    due.swap(slot);
    // Should one throw, the others are looked at with the next call.
    struct Rest {
      ~Rest() {
        if (left.empty()) return;
        home.splice(home.end(), left);
        --done;
      }
      Slot &left, &home;
      std::int64_t& done;
    } const rest{due, slot, done_};
    while (!due.empty()) {
      Deadline& deadline = due.front();
      due.pop_front();
      if (deadline.due_ <= now)
        deadline.expired();
      else
        slot.push_back(deadline);
    }
  }
}

std::optional<MonoTime> DeadlineWheel::next() const {
  for (std::int64_t at = done_ + 1; at <= done_ + static_cast<std::int64_t>(slot_count); ++at)
    if (!slots_[static_cast<std::size_t>(at) % slot_count].empty()) return start_ + at * tick;
  return std::nullopt;
}

}  // namespace opi::egress
