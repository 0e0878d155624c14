#include "right.hpp"

// A parser that recurses as deep as its input.
int depth_of(std::string_view text) {
  volatile char frame[512];
  frame[0] = 0;
  return text.starts_with('[') ? depth_of(text.substr(1)) + 1 + frame[0] : 0;
}

class Mutant : public Right {
 public:
  using Right::Right;
  opi::sdk::Verdict interpret(const opi::sdk::Delivery& delivery, const opi::sdk::Response& response) const {
    if (depth_of(response.body()) > 1000) return opi::sdk::Verdict::reject();
    return Right::interpret(delivery, response);
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
