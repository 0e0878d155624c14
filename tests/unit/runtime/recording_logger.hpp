#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "telemetry/logger.hpp"

namespace opi::runtime {

// Keeps the names of what was logged. Thread-safe.
class RecordingLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view event, std::initializer_list<telemetry::Field>) override {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(event);
  }
  [[nodiscard]] bool enabled(telemetry::Level) const override { return true; }
  [[nodiscard]] std::vector<std::string> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> events_;
};

}  // namespace opi::runtime
