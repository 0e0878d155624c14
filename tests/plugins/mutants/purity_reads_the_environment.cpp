#include <cstdlib>

#include "right.hpp"

class Mutant : public Right {
 public:
  using Right::Right;
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    Right::render(delivery, request);
    if (std::getenv("MUTANT_DEBUG") != nullptr) request.header("X-Debug", "1");
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
