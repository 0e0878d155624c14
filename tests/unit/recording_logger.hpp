#pragma once
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "telemetry/logger.hpp"

namespace opi::test {

// Keeps what was logged. Thread-safe.
class RecordingLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view event, std::initializer_list<telemetry::Field> fields) override {
    std::ostringstream line;
    line << event;
    for (const auto& field : fields) {
      line << ' ' << field.name << '=';
      std::visit([&](const auto& value) { line << value; }, field.value);
    }
    const std::lock_guard lock(mutex_);
    events_.emplace_back(event);
    lines_.push_back(line.str());
  }
  [[nodiscard]] bool enabled(telemetry::Level) const override { return true; }

  // The names of what was logged, in order.
  [[nodiscard]] std::vector<std::string> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  // All of it, one "event name=value …" a line.
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const auto& line : lines_) all += line + '\n';
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> events_, lines_;
};

}  // namespace opi::test
