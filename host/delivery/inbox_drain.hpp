#pragma once
#include <chrono>

#include "delivery/inbox.hpp"
#include "delivery/intake.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::delivery {

// Moves what was published by SQL through the same intake as what comes over HTTP. run_once() is for one thread.
class InboxDrain {
 public:
  struct Options {
    int batch = 500;
    std::chrono::milliseconds poll_interval{100};  // how late an event may be noticed
  };
  InboxDrain(Inbox& inbox, Intake& intake, telemetry::Metrics& metrics, telemetry::Logger& logger,
             const Options& options)
      : inbox_(inbox), intake_(intake), metrics_(metrics), logger_(logger), options_(options) {}

  // Drains one batch and answers when to come again.
  std::chrono::milliseconds run_once();

 private:
  std::vector<Inbox::Refusal> take(const std::vector<Inbox::Envelope>& envelopes);

  Inbox& inbox_;
  Intake& intake_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const Options options_;
};

}  // namespace opi::delivery
