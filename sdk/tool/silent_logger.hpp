#pragma once
#include "telemetry/logger.hpp"

namespace opi::tool {

// The loader's own lines are for the daemon's log; a command tells its findings itself.
class SilentLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view, std::initializer_list<telemetry::Field>) override {}
  [[nodiscard]] bool enabled(telemetry::Level) const override { return false; }
};

}  // namespace opi::tool
