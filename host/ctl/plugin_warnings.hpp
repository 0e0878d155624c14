#pragma once
#include <string>
#include <utility>
#include <vector>

#include "foundation/mutex.hpp"
#include "telemetry/logger.hpp"

namespace opi::ctl {

// The parts' own lines are for the daemon's log; a command tells its findings itself. What plugins warn of is kept:
// nobody else would tell it.
class PluginWarnings final : public telemetry::Logger {
 public:
  void log(telemetry::Level level, std::string_view event, std::initializer_list<telemetry::Field> fields) override;
  [[nodiscard]] bool enabled(telemetry::Level level) const override { return level >= telemetry::Level::warning; }

  // "<plugin>: <message> (<fields>)", in their order; afterwards there are none.
  std::vector<std::string> take() {
    const Lock lock(mutex_);
    return std::exchange(warnings_, {});
  }

 private:
  Mutex mutex_;
  std::vector<std::string> warnings_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::ctl
