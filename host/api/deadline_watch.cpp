#include "api/deadline_watch.hpp"

#include <sys/socket.h>

namespace opi::api {

DeadlineWatch::Guard::Guard(DeadlineWatch& watch, int socket, int direction, std::chrono::milliseconds timeout)
    : watch_(watch) {
  const std::lock_guard lock(watch_.mutex_);
  entry_ = watch_.entries_.emplace(watch_.entries_.end());
  entry_->socket = socket;
  entry_->direction = direction;
  entry_->deadline = std::chrono::steady_clock::now() + timeout;
}

DeadlineWatch::Guard::~Guard() {
  const std::lock_guard lock(watch_.mutex_);
  watch_.entries_.erase(entry_);
}

void DeadlineWatch::run_once(TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (auto& entry : entries_) {
    if (entry.passed || now < entry.deadline) continue;
    entry.passed = true;
    ::shutdown(entry.socket, entry.direction);
  }
}

}  // namespace opi::api
