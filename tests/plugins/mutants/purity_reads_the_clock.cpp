#include <chrono>

#include "right.hpp"

// Even where it makes no difference now.
class Mutant : public Right {
 public:
  using Right::Right;
  opi::sdk::Verdict interpret(const opi::sdk::Delivery& delivery, const opi::sdk::Response& response) const {
    if (std::chrono::system_clock::now().time_since_epoch().count() == 0) return opi::sdk::Verdict::retry();
    return Right::interpret(delivery, response);
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
