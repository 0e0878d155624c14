#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "delivery/claim.hpp"
#include "delivery/settlement.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// Which uses of credentials that fail become audit records (credential.failed): the first one that fails of a
// destination's purpose, and then at most one an hour while it goes on, which tells how many it stands for. A receiver
// that wavers gets at most one record a minute. Counted by this daemon since its start. Thread-safe.
class CredentialWatch {
 public:
  struct Options {
    std::chrono::milliseconds while_it_lasts{std::chrono::hours{1}}, between_any{std::chrono::minutes{1}};
    std::size_t purposes = 10'000;  // remembered; of others each failure is a record
  };
  explicit CredentialWatch(const Clock& clock) : CredentialWatch(clock, Options{}) {}
  CredentialWatch(const Clock& clock, const Options& options) : clock_(clock), options_(options) {}

  // A use failed: `why` is a stable word, such as "missing" or "refused". The record that is due, to be written with
  // the settlement of the attempt; if that is never stored, unrecorded() makes the next failure due again.
  std::optional<CredentialFailure> failed(const Claim& claim, std::string_view purpose, std::string_view why);
  void unrecorded(const DestinationId& destination, const CredentialFailure& failure);
  void succeeded(const DestinationId& destination, std::string_view purpose);

 private:
  struct State {
    bool failing = false;
    int uses = 0;         // that failed since the last record
    UnixTime first_at{};  // of them
    MonoTime due{};       // no record before
  };
  using Key = std::pair<DestinationId, std::string>;
  void forget_the_old(MonoTime now) OPI_REQUIRES(mutex_);

  const Clock& clock_;
  const Options options_;
  Mutex mutex_;
  std::map<Key, State> states_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::delivery
