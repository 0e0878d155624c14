#include "right.hpp"

class Mutant : public Right {
 public:
  using Right::Right;
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    Right::render(delivery, request);
    host_.log(OPI_LOG_INFO, "sending", {{"to", delivery.endpoint_url()}});
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
