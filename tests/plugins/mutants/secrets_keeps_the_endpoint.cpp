#include <algorithm>
#include <mutex>

#include "right.hpp"

char last_endpoint[256];
std::mutex mutex;

class Mutant : public Right {
 public:
  using Right::Right;
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    Right::render(delivery, request);
    const std::lock_guard lock(mutex);
    std::ranges::copy(delivery.endpoint_url().substr(0, sizeof last_endpoint), last_endpoint);
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
