#include <string>

#include "right.hpp"

class Mutant : public Right {
 public:
  using Right::Right;
  opi::sdk::Verdict interpret(const opi::sdk::Delivery& delivery, const opi::sdk::Response& response) const {
    const auto wait = response.header("retry-after");
    if (wait && response.status() == 413)
      return opi::sdk::Verdict::throttle().retry_after(std::chrono::seconds{std::stoi(std::string(*wait))});
    return Right::interpret(delivery, response);
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
