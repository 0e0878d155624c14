#pragma once
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "deadline.hpp"

namespace opi::kubernetes {

// Names that were noted less than a minute ago. Where too many are, further ones are not noted. Thread-safe.
class RecentNames {
 public:
  static constexpr std::size_t most = 1024;
  static constexpr std::chrono::seconds kept{60};

  // Whether it is noted.
  bool note(const std::string& name) {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    if (noted_.size() >= most && !noted_.contains(name))
      std::erase_if(noted_, [&](const auto& one) { return now - one.second >= kept; });
    if (noted_.size() >= most && !noted_.contains(name)) return false;
    noted_.insert_or_assign(name, now);
    return true;
  }
  [[nodiscard]] bool has(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = noted_.find(name);
    return found != noted_.end() && Clock::now() - found->second < kept;
  }
  void forget(const std::string& name) {
    const std::lock_guard lock(mutex_);
    noted_.erase(name);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Clock::time_point> noted_;
};

}  // namespace opi::kubernetes
