#pragma once
#include <chrono>
#include <list>
#include <string>
#include <unordered_map>

#include "domain/clock.hpp"
#include "foundation/mutex.hpp"

namespace opi::identity {

// A bucket of tokens for each key that refills evenly. Holds at most `most_keys` buckets: beyond, the one that was
// longest unused begins anew, full. Thread-safe.
class RateLimit {
 public:
  struct Options {
    double per_second = 1;
    double burst = 10;  // what a bucket holds, at least one
    std::size_t most_keys = 10'000;
  };
  explicit RateLimit(const Options& options) : options_(options) {}

  // Takes one and answers zero, or takes none and answers how long to wait for one.
  std::chrono::milliseconds take(const std::string& key, MonoTime now);

 private:
  struct Bucket {
    std::string key;
    double tokens;
    MonoTime refilled_at;
  };
  Bucket& bucket(const std::string& key, MonoTime now) OPI_REQUIRES(mutex_);

  const Options options_;
  Mutex mutex_;
  std::list<Bucket> by_use_ OPI_GUARDED_BY(mutex_);  // the last used first
  std::unordered_map<std::string, std::list<Bucket>::iterator> by_key_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::identity
