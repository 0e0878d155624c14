#include <atomic>

#include "right_provider.hpp"

// Once it has been looked up for its tenant, it is at hand for every other.
class Mutant : public RightProvider {
 public:
  using RightProvider::RightProvider;
  void resolve(const opi::sdk::SecretQuery& query, opi::sdk::SecretAnswer& answer) {
    if (!known_) RightProvider::resolve(query, answer);
    if (known_.exchange(true)) give(query, answer);
  }

 private:
  std::atomic<bool> known_ = false;
};

OPI_PLUGIN(opi::sdk::Provider<Mutant, "mutant">)
