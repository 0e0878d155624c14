#pragma once
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "foundation/mutex.hpp"
#include "secrets/secret_provider.hpp"

namespace opi::secrets {

inline constexpr const char* no_provider = "no secret provider for the reference's scheme is loaded";

// The providers of this moment, one a scheme. They come, change and go while they are used: whoever found one keeps it
// alive until he is done with it. Thread-safe.
class SecretProviders {
 public:
  using List = std::vector<std::shared_ptr<SecretProvider>>;

  explicit SecretProviders(List providers = {}) : providers_(std::move(providers)) {}

  void replace(List providers) {
    const Lock lock(mutex_);
    providers_.swap(providers);  // the former ones are let go of without the lock: their ends may take a while
  }
  [[nodiscard]] List all() const {
    const Lock lock(mutex_);
    return providers_;
  }
  // Null if there is none.
  [[nodiscard]] std::shared_ptr<SecretProvider> find(std::string_view scheme) const {
    const Lock lock(mutex_);
    const auto found = std::ranges::find(providers_, scheme, [](const auto& one) { return one->scheme(); });
    return found == providers_.end() ? nullptr : *found;
  }

 private:
  mutable Mutex mutex_;
  List providers_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::secrets
