#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "domain/clock.hpp"
#include "egress/resolver.hpp"

namespace opi::egress {

// Answers of the resolver, good and bad, for a while. getaddrinfo() does not tell the records' TTL, so the
// time is fixed: short enough to follow a failover, long enough that a busy host costs no lookups.
// Pure: time is handed in. Not thread-safe.
class NameCache {
 public:
  struct Options {
    std::chrono::milliseconds keep{30'000};
    std::chrono::milliseconds keep_failure{5'000};
    std::size_t max_names = 10'000;
  };

  explicit NameCache(Options options) : options_(options) {}

  // Null if there is none or it is too old; valid until the next put().
  const Resolution* find(const std::string& host, MonoTime now);
  // At the limit the stale ones go first, then an arbitrary one.
  void put(const std::string& host, const Resolution& resolution, MonoTime now);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Resolution resolution;
    MonoTime stale_at{};
  };
  Options options_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace opi::egress
