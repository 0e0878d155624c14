#include <fstream>

#include "right.hpp"

class Mutant : public Right {
 public:
  using Right::Right;
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    Right::render(delivery, request);
    if (std::ifstream("/etc/mutant.conf").good()) request.header("X-Configured", "1");
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
