#include "right_provider.hpp"

class Mutant : public RightProvider {
 public:
  using RightProvider::RightProvider;
  void resolve(const opi::sdk::SecretQuery& query, opi::sdk::SecretAnswer& answer) { give(query, answer); }
};

OPI_PLUGIN(opi::sdk::Provider<Mutant, "mutant">)
