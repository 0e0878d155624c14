#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace opi::telemetry {

enum class Level { debug, info, warning, error };

struct Field {
  std::string_view name;  // snake_case, with its unit: "duration_ms"
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view{v}) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view{v}) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  template <class Int>
  requires std::is_integral_v<Int> Field(std::string_view n, Int v) : name(n), value(static_cast<std::int64_t>(v)) {}
};

// Structured log: one JSON object a line with time, level, event and the fields. Thread-safe; never throws.
// `event` is a constant dotted name, such as "delivery.attempt". Payloads and secrets do not belong here.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void log(Level level, std::string_view event, std::initializer_list<Field> fields) = 0;
  [[nodiscard]] virtual bool enabled(Level level) const = 0;

  void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (enabled(Level::debug)) log(Level::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (enabled(Level::info)) log(Level::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (enabled(Level::warning)) log(Level::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (enabled(Level::error)) log(Level::error, event, fields);
  }
};

}  // namespace opi::telemetry
