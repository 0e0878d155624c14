#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "domain/clock.hpp"
#include "foundation/mutex.hpp"

namespace opi::identity {

// What a store answered for a hash, remembered for `keep`: at most `most` answers, then it begins anew. That there is
// no such record is an answer too. Thread-safe.
template <class Record>
class Recollection {
 public:
  using Hash = std::array<std::uint8_t, 32>;
  Recollection(std::chrono::milliseconds keep, std::size_t most) : keep_(keep), most_(most) {}

  // `ask` answers std::optional<Record>; what it throws goes through.
  template <class Ask>
  std::optional<Record> get(const Hash& hash, MonoTime now, Ask ask) {
    std::uint64_t forgotten = 0;
    {
      const Lock lock(mutex_);
      if (const auto found = known_.find(hash); found != known_.end() && now < found->second.until)
        return found->second.record;
      forgotten = forgotten_;
    }
    std::optional<Record> record = ask();
    const Lock lock(mutex_);
    if (forgotten != forgotten_) return record;  // it may have been read before what caused that
    if (known_.size() >= most_) known_.clear();
    known_[hash] = {record, now + keep_};
    return record;
  }

  void forget() {
    const Lock lock(mutex_);
    known_.clear();
    ++forgotten_;
  }

 private:
  struct Known {
    std::optional<Record> record;
    MonoTime until{};
  };
  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const noexcept {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(hash.data()), hash.size()});
    }
  };

  const std::chrono::milliseconds keep_;
  const std::size_t most_;
  Mutex mutex_;
  std::uint64_t forgotten_ OPI_GUARDED_BY(mutex_) = 0;
  std::unordered_map<Hash, Known, HashOfHash> known_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::identity
