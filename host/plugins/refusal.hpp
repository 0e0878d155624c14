#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace opi::plugins {

enum class Stage { discover, inspect, trust, probe, load, init };
std::string_view to_string(Stage stage);

// Why a file is not loaded. All problems of a stage are reported together; later stages are not reached.
struct Refusal {
  std::string file;
  Stage stage{};
  std::string code;     // stable: refusal_codes.hpp
  std::string message;  // what is wrong with this file, for people
  std::string remedy;   // what an operator does about it

  bool operator==(const Refusal&) const = default;
};

}  // namespace opi::plugins
