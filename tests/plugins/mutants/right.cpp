#include "right.hpp"

OPI_PLUGIN(opi::sdk::Adapter<Right, "mutant">)
