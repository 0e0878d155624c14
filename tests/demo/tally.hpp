#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon_api.hpp"
#include "scenario.hpp"

namespace opi::demo {

// What became of a destination's deliveries, in numbers that can be expected.
struct Tally {
  int delivered = 0, failed = 0, dead_lettered = 0;
  int waiting = 0;     // pending: held back, for the destination is disabled
  int retried = 0;     // needed more than one attempt
  int attempts = 0;    // of all deliveries together
  int duplicates = 0;  // requests that the receiver had accepted before
};

struct TallyField {
  const char* name;  // in expected.json, too
  int Tally::*number;
};
inline constexpr std::array<TallyField, 7> tally_fields{{{"delivered", &Tally::delivered},
                                                         {"failed", &Tally::failed},
                                                         {"dead_lettered", &Tally::dead_lettered},
                                                         {"waiting", &Tally::waiting},
                                                         {"retried", &Tally::retried},
                                                         {"attempts", &Tally::attempts},
                                                         {"duplicates", &Tally::duplicates}}};

// By destination id.
using Deliveries = std::map<std::string, std::vector<ShownDelivery>>;

// Of one destination, without what only the receiver knows.
Tally tally_of(const std::vector<ShownDelivery>& deliveries);

// From acceptance of the event to the delivery's end. Nullopt if none has ended.
struct LatencyMs {
  std::int64_t p50 = 0, p95 = 0;
};
std::optional<LatencyMs> latency_of(const std::vector<ShownDelivery>& deliveries);

// The value below or at which `percent` of the values lie (nearest rank). `values` must not be empty.
std::int64_t percentile(std::vector<std::int64_t> values, int percent);

// What should become of the scenario.
struct Expectation {
  std::map<std::string, int> events;     // by tenant
  std::map<std::string, Tally> tallies;  // by destination id

  // Whether nothing more can be expected to happen: every delivery is there and at its end, or waits where waiting is
  // expected. Says nothing about the numbers being right.
  [[nodiscard]] bool is_over(const Scenario& scenario, const Deliveries& deliveries) const;
};

// Reads expected.json. Throws std::runtime_error, which names what is wrong; among it a destination that the scenario
// has not, or that has no expectation.
Expectation load_expectation(const std::filesystem::path& file, const Scenario& scenario);

}  // namespace opi::demo
