#include "plugins/refusal.hpp"

namespace opi::plugins {

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::discover: return "discover";
    case Stage::inspect: return "inspect";
    case Stage::trust: return "trust";
    case Stage::probe: return "probe";
    case Stage::load: return "load";
    case Stage::init: return "init";
  }
  return "";
}

}  // namespace opi::plugins
