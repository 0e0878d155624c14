#include <cstdlib>

#include "right.hpp"

class Mutant : public Right {
 public:
  using Right::Right;
  opi::sdk::Verdict interpret(const opi::sdk::Delivery& delivery, const opi::sdk::Response& response) const {
    if (response.status() == 451) std::abort();
    return Right::interpret(delivery, response);
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
