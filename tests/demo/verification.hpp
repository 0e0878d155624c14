#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon_api.hpp"
#include "receiver_process.hpp"
#include "scenario.hpp"
#include "tally.hpp"

namespace opi::demo {

// Something that must hold, and what speaks against it: each difference names where, what was expected and what was.
struct Check {
  std::string claim;
  std::vector<std::string> differences;
  [[nodiscard]] bool holds() const { return differences.empty(); }
};

// Every subscribed destination has exactly one delivery of each event, and no other destination has one.
Check check_routing(const Scenario& scenario, const Deliveries& deliveries);

// Every number of tally_fields is what is expected, for each destination.
Check check_tallies(const Scenario& scenario, const Expectation& expectation, const Deliveries& deliveries,
                    const std::map<std::string, ReceivedCounts>& received);

// The receiver verified every request, and none was unsigned, badly signed or out of the replay window.
Check check_signatures(const std::map<std::string, ReceivedCounts>& received);

// Each delivery has as many recorded attempts as it says; and none of them repeats the secrets that the rejecting
// receiver echoes. `results` gets the number of attempts by result.
Check check_attempts(const Scenario& scenario, const Deliveries& deliveries, const DaemonApi& api,
                     std::map<std::string, int>& results);

// The daemon's counters tell the same story as its API.
Check check_metrics(const Deliveries& deliveries, const std::map<std::string, int>& attempt_results,
                    const PublishCounts& published, const std::map<std::string, double>& metrics);

// The events were answered as `expected` accepted ones and as many duplicates as were sent again.
Check check_intake(int expected_events, int sent_again, const PublishCounts& published);

// None of the texts stands in any of the files.
Check check_silence(const std::vector<std::string>& secrets, const std::vector<std::filesystem::path>& files);

}  // namespace opi::demo
