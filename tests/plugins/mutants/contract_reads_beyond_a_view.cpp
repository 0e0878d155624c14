#include <cstring>

#include "right.hpp"

// Takes a view for a C string.
class Mutant : public Right {
 public:
  using Right::Right;
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    Right::render(delivery, request);
    if (std::strlen(delivery.event_id().data()) > 1000) request.header("X-Long", "yes");
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
