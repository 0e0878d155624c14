#include <atomic>

#include "right.hpp"

class Mutant : public Right {
 public:
  using Right::Right;
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    static std::atomic<int> count{0};
    Right::render(delivery, request);
    request.header("X-Count", std::to_string(++count));
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
