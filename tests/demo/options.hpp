#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace opi::demo {

struct Options {
  bool once = false;               // end by itself, and say whether all was as expected
  std::filesystem::path state;     // empty: a fresh temporary folder
  std::filesystem::path programs;  // holds integrationsd, integrationsctl, opi-demo-receiver, opi-plugin-probe
  std::filesystem::path scenario;  // etc/demo
  std::filesystem::path expected;  // expected.json
  bool postgres = false;           // on a PostgreSQL of its own; else SQLite
  std::uint16_t api_port = 0;      // 0: any free one
};

// Nullopt: help was asked for, and printed. Throws std::exception for a wrong command line.
std::optional<Options> parse_options(int argc, const char* const* argv);

}  // namespace opi::demo
