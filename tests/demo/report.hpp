#pragma once
#include <map>
#include <ostream>
#include <string>

#include "receiver_process.hpp"
#include "scenario.hpp"
#include "tally.hpp"
#include "terminal.hpp"

namespace opi::demo {

// Prints a row for each destination: how its deliveries ended, their attempts and latency, and what the receiver
// saw of them; and the sums.
void print_report(std::ostream& out, const Terminal& terminal, const Scenario& scenario, const Deliveries& deliveries,
                  const std::map<std::string, ReceivedCounts>& received);

}  // namespace opi::demo
