#include "session.hpp"

namespace opi::kubernetes {

using sdk::Failure;

std::unique_ptr<TlsConnection> Session::take() {
  const std::lock_guard lock(mutex_);
  const auto oldest = Clock::now() - longest_idle;
  while (!idle_.empty()) {
    auto last = std::move(idle_.back());
    idle_.pop_back();
    if (last.since > oldest && last.connection->is_idle()) return std::move(last.connection);
  }
  return nullptr;
}

void Session::give_back(std::unique_ptr<TlsConnection> connection) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < most_idle) idle_.push_back({std::move(connection), Clock::now()});
}

void Session::forget_idle() {
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

std::shared_ptr<Session> Sessions::current() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  const bool outdated = !session_ || now >= read_at_ + read_again_after || session_->access().has_changed();
  if (outdated && (!session_ || now >= failed_until_)) read();
  return session_;
}

std::shared_ptr<Session> Sessions::renewed(const std::shared_ptr<Session>& seen) {
  const std::lock_guard lock(mutex_);
  if (session_ == seen) read();  // else somebody has done so meanwhile
  return session_;
}

void Sessions::read() {
  try {
    session_ = std::make_shared<Session>(load_access(settings_));
    read_at_ = Clock::now();
  } catch (const Failure& failure) {
    if (!session_) throw;
    // Half written, perhaps; what was read before is good until the API server says otherwise.
    failed_until_ = Clock::now() + pause_after_failure;
    host_.log(OPI_LOG_WARNING, "the access to the API server cannot be read anew", {{"reason", failure.what()}});
  }
}

}  // namespace opi::kubernetes
