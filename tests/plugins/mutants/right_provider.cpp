#include "right_provider.hpp"

OPI_PLUGIN(opi::sdk::Provider<RightProvider, "mutant">)
