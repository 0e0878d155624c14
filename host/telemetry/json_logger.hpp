#pragma once
#include <atomic>
#include <string>

#include "foundation/mutex.hpp"
#include "telemetry/logger.hpp"

namespace opi::telemetry {

// Writes each record as one line with one write(2), so that lines of several threads never mix.
class JsonLogger final : public Logger {
 public:
  // `path` is a file to append to (created with mode 0640), or "-" for standard error.
  // Throws std::system_error if it cannot be opened.
  JsonLogger(std::string path, Level threshold);
  ~JsonLogger() override;
  JsonLogger(const JsonLogger&) = delete;
  JsonLogger& operator=(const JsonLogger&) = delete;

  void log(Level level, std::string_view event, std::initializer_list<Field> fields) override;
  [[nodiscard]] bool enabled(Level level) const override { return level >= threshold_.load(std::memory_order_relaxed); }

  void set_threshold(Level threshold) { threshold_ = threshold; }
  // Opens the path anew, after a log rotation. On failure the old file stays in use and std::system_error is thrown.
  void reopen();

 private:
  const std::string path_;
  std::atomic<Level> threshold_;
  Mutex mutex_;
  int descriptor_ OPI_GUARDED_BY(mutex_) = -1;
};

std::string_view to_string(Level level);

}  // namespace opi::telemetry
