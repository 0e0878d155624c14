#include <stdexcept>

#include "right.hpp"

class Mutant : public Right {
 public:
  explicit Mutant(const opi::sdk::InstanceArgs& args) : Right(args) {
    if (!args.config_json.starts_with("{")) throw std::runtime_error("what is this?");
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
