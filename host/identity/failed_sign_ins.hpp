#pragma once
#include <chrono>
#include <map>
#include <string>

#include "audit/audit_log.hpp"
#include "foundation/mutex.hpp"
#include "identity/rate_limit.hpp"

namespace opi::identity {

// Failed attempts to authenticate: limited per remote address, and audited under the system tenant without giving an
// attacker a way to flood the trail: at most one record per address and minute, with the number of attempts it stands
// for, and at most `addresses` addresses a minute, the others together. Thread-safe.
class FailedSignIns {
 public:
  struct Options {
    RateLimit::Options limit{1, 10, 10'000};
    std::chrono::milliseconds interval{60'000};
    std::size_t addresses = 256;
  };
  FailedSignIns(audit::AuditLog& log, const Clock& clock, const Options& options)
      : log_(log), clock_(clock), options_(options), limit_(options.limit) {}

  // Counts one. Answers zero, or how long this address has to wait before it should try again.
  std::chrono::milliseconds note(const std::string& address);
  // Writes the records that are due. Throws what the log throws; nothing is lost then.
  void run_once() { write(false); }
  // Writes all there is, due or not.
  void flush() { write(true); }

 private:
  struct Count {
    int attempts = 0;
    UnixTime first_at{};
    MonoTime due{};  // the minute's end, before which its next record is not written
  };
  void write(bool all);

  audit::AuditLog& log_;
  const Clock& clock_;
  const Options options_;
  RateLimit limit_;
  Mutex mutex_;
  std::map<std::string, Count> counts_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::identity
