#include <cstdlib>

#include "right.hpp"

class Mutant : public Right {
  using Right::Right;
};

struct Last {
  ~Last() { std::abort(); }
} last;

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
