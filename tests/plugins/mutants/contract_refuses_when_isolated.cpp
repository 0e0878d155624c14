#include <cstdlib>

#include "right.hpp"

class Mutant : public Right {
 public:
  explicit Mutant(const opi::sdk::InstanceArgs& args) : Right(args) {
    if (std::getenv("PATH") == nullptr) throw opi::sdk::Failure(OPI_E_INVALID, "where are the programs?");
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
