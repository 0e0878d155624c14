#include "postgres/pooler.hpp"

namespace opi::postgres {
namespace {

// One shows it where nobody else uses the pooler. Others may hold our server just when the rival asks, and give it back
// just before we do: not time after time.
constexpr int turns = 8;

}  // namespace

bool keeps_its_server(const std::string& process, const AskServer& ask, const AskServer& ask_rival) {
  for (int turn = 0; turn < turns; ++turn)
    if (ask_rival() == process || ask() != process) return false;
  return true;
}

}  // namespace opi::postgres
