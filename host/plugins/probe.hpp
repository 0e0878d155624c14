#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "plugins/manifest.hpp"
#include "plugins/refusal.hpp"

namespace opi::plugins {

// Rehearses the loading of a plugin in a child process, because dlopen is no validator: a damaged library that passes
// every static check can still kill the process that opens it. Thread-safe; blocks for at most the deadline.
class Probe {
 public:
  struct Options {
    std::filesystem::path program;  // opi-plugin-probe
    std::chrono::milliseconds deadline{5'000};
  };

  Probe(Options options, std::string environment, std::uint16_t offered_minor)
      : options_(std::move(options)), environment_(std::move(environment)), offered_minor_(offered_minor) {}

  // What speaks against loading `image`, which `file` was copied to; empty: nothing.
  [[nodiscard]] std::vector<Refusal> run(const std::string& file, const std::filesystem::path& image,
                                         const Manifest& manifest) const;

 private:
  Options options_;
  std::string environment_;
  std::uint16_t offered_minor_;
};

}  // namespace opi::plugins
