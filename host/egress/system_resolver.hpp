#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "egress/name_cache.hpp"
#include "egress/resolver.hpp"
#include "telemetry/logger.hpp"

namespace opi::egress {

// The C library's resolver (hosts file, search domains, DNS) on threads of its own, because it blocks and
// cannot be interrupted: a lookup of a dead name server takes 10 to 30 seconds. So that such names do not
// stop the others:
// - one lookup per name is under way, everyone else who asks waits for the same;
// - a lookup that takes longer than `replace_after` has lost its thread until the C library gives up, and
//   another takes its place, up to `max_threads`;
// - one that takes longer than `lookup_timeout` fails for those who wait, and the failure is cached;
// - one tenant's names of one site (the last two labels) get at most `max_per_site` threads; once one of them
//   timed out, they get a single thread until one is answered again, and the others fail at once. Whoever
//   owns a zone can hang any number of names in it, not the pool;
// - tenants share the threads by the rule of TenantShares, and take turns (lookup_queue.hpp).
class SystemResolver final : public Resolver {
 public:
  // Returns the addresses of a host or a failure; may block for long; called on many threads.
  using Lookup = std::function<Resolution(const std::string& host)>;

  struct Options {
    std::chrono::milliseconds replace_after{250};
    std::chrono::milliseconds lookup_timeout{4'000};  // below the connect timeout, so that it is the one reported
    std::size_t threads = 8;                          // that wait for work
    std::size_t max_threads = 64;                     // with those that hang
    std::size_t max_per_site = 4;
    std::size_t max_waiting = 10'000;  // callbacks; beyond a tenant's share, resolve() fails at once
    NameCache::Options cache{};
    telemetry::Logger* logger = nullptr;  // for faults of the resolver itself; null: nobody is told
  };

  explicit SystemResolver(Options options, Lookup lookup = system_lookup);
  SystemResolver() : SystemResolver(Options{}) {}
  SystemResolver(const SystemResolver&) = delete;
  SystemResolver& operator=(const SystemResolver&) = delete;
  // Does not wait for lookups under way: their threads end by themselves. No callback is called after it.
  ~SystemResolver() override;

  void resolve(const std::string& host, const TenantId& tenant, Callback done) override;

  // getaddrinfo() for TCP, at most 16 addresses.
  static Resolution system_lookup(const std::string& host);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace opi::egress
