#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "api/http_exchange.hpp"
#include "foundation/mutex.hpp"

namespace opi::api {

// Between the thread that holds the connections and the threads that serve requests: requests go one way, what became
// of them the other. Senders take turns by address, so that one who has hundreds of requests waiting delays the others
// by one of his. Thread-safe; its lock is held for a few pointers at a time, never for a system call on a connection.
// Memory is taken by put() alone: once it has returned, the request is served and answered whatever runs out.
class RequestDesk {
 public:
  using Outcome = std::variant<Reply, Continue>;
  struct Done {
    std::uint64_t connection = 0;
    Outcome outcome;
  };
  struct Job {
    std::uint64_t connection = 0;
    Inbound inbound;
    std::list<Done> place;  // one, for what becomes of it; put() makes it
  };

  RequestDesk();
  ~RequestDesk();
  RequestDesk(const RequestDesk&) = delete;
  RequestDesk& operator=(const RequestDesk&) = delete;

  // Throws std::bad_alloc; then nothing was put.
  void put(Job job);
  // Waits for a job; nullopt once closed and all jobs are taken.
  std::optional<Job> take();
  void done(Job job, Outcome outcome) noexcept;
  std::list<Done> collect();
  // Becomes readable when there is something to collect, or by wake(); collect() makes it unreadable.
  [[nodiscard]] int event() const { return event_; }
  void wake();
  void close();

 private:
  const int event_;
  Mutex mutex_;
  Condition changed_;
  std::map<std::string, std::list<Job>> waiting_ OPI_GUARDED_BY(mutex_);  // by address, none of them empty
  std::list<std::string> turns_ OPI_GUARDED_BY(mutex_);                   // the addresses in waiting_
  std::list<Done> done_ OPI_GUARDED_BY(mutex_);
  bool closed_ OPI_GUARDED_BY(mutex_) = false;
};

}  // namespace opi::api
