#include "api/request_desk.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "foundation/mutex.hpp"

namespace opi::api {
namespace {

int make_event() {
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return event;
}

}  // namespace

RequestDesk::RequestDesk() : event_(make_event()) {}
RequestDesk::~RequestDesk() { ::close(event_); }

void RequestDesk::put(Job job) {
  job.place.assign(1, Done{job.connection, {}});
  std::list<Job> one;
  one.push_back(std::move(job));
  std::list<std::string> turn{one.front().inbound.address};
  {
    const Lock lock(mutex_);
    auto& own = waiting_[turn.front()];  // the last that takes memory
    if (own.empty()) turns_.splice(turns_.end(), turn);
    own.splice(own.end(), one);
  }
  changed_.notify_one();
}

std::optional<RequestDesk::Job> RequestDesk::take() {
  Lock lock(mutex_);
  while (!closed_ && turns_.empty()) changed_.wait(lock);
  if (turns_.empty()) return std::nullopt;
  const auto own = waiting_.find(turns_.front());
  std::optional<Job> job = std::move(own->second.front());
  own->second.pop_front();
  if (own->second.empty()) {
    waiting_.erase(own);
    turns_.pop_front();
  } else {
    turns_.splice(turns_.end(), turns_, turns_.begin());
  }
  return job;
}

void RequestDesk::done(Job job, Outcome outcome) noexcept {
  job.place.front().outcome = std::move(outcome);
  bool first = false;
  {
    const Lock lock(mutex_);
    first = done_.empty();
    done_.splice(done_.end(), job.place);
  }
  if (first) wake();
}

std::list<RequestDesk::Done> RequestDesk::collect() {
  std::uint64_t count = 0;
  // Before the list is taken: what comes after it wakes anew.
  if (read(event_, &count, sizeof count) < 0 && errno != EAGAIN)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  const Lock lock(mutex_);
  return std::exchange(done_, {});
}

void RequestDesk::wake() {
  const std::uint64_t one = 1;
  // It can fail only if the counter is full, and then it is awake.
  [[maybe_unused]] const auto written = write(event_, &one, sizeof one);
}

void RequestDesk::close() {
  {
    const Lock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

}  // namespace opi::api
