#include "verification.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "domain/event.hpp"

namespace opi::demo {
namespace {

// Parts of the body of the receiver's part "rejecting": made up, but of the form of real secrets.
constexpr std::array echoed_secrets{"sk_live_51HxDEMO", "AKIADEMODEMO", "hunter2", "s3cr3t"};

std::string place(const DemoDestination& destination) { return destination.tenant + " / " + destination.name; }

template <class Number>
void compare(Check& check, const std::string& what, Number expected, Number actual) {
  if (expected != actual)
    check.differences.push_back(what + ": expected " + std::to_string(expected) + ", actual " + std::to_string(actual));
}

const std::vector<ShownDelivery>& deliveries_of(const Deliveries& deliveries, const std::string& destination) {
  static const std::vector<ShownDelivery> none;
  const auto found = deliveries.find(destination);
  return found == deliveries.end() ? none : found->second;
}

}  // namespace

Check check_routing(const Scenario& scenario, const Deliveries& deliveries) {
  std::size_t total = 0;
  Check check;
  for (const auto& destination : scenario.destinations) {
    std::multiset<std::string> found;
    for (const auto& delivery : deliveries_of(deliveries, destination.id)) found.insert(delivery.event_id);
    for (const auto& event : scenario.events) {
      if (event.tenant != destination.tenant) continue;
      const bool wanted = std::ranges::any_of(destination.subscriptions, [&](const std::string& pattern) {
        return subscription_matches(pattern, event.type);
      });
      compare(check, place(destination) + ": deliveries of event " + event.id, std::size_t{wanted},
              found.count(event.id));
      total += wanted;
      found.erase(event.id);
    }
    for (const auto& id : found)
      check.differences.push_back(place(destination) + ": has a delivery of " + id + ", an event of nobody's here");
  }
  check.claim = std::to_string(total) + " deliveries: each event once for each destination that subscribes to it";
  return check;
}

Check check_tallies(const Scenario& scenario, const Expectation& expectation, const Deliveries& deliveries,
                    const std::map<std::string, ReceivedCounts>& received) {
  Check check{"every delivery ended as the scenario expects, after as many attempts", {}};
  for (const auto& destination : scenario.destinations) {
    Tally actual = tally_of(deliveries_of(deliveries, destination.id));
    if (const auto counts = received.find(destination.path); counts != received.end())
      actual.duplicates = static_cast<int>(counts->second.duplicates);
    const Tally& expected = expectation.tallies.at(destination.id);
    for (const auto& field : tally_fields)
      compare(check, place(destination) + ": " + field.name, expected.*field.number, actual.*field.number);
  }
  return check;
}

Check check_signatures(const std::map<std::string, ReceivedCounts>& received) {
  std::int64_t requests = 0;
  Check check;
  for (const auto& [path, counts] : received) {
    requests += counts.requests;
    compare(check, path + ": bad signatures", std::int64_t{0}, counts.bad_signatures);
    compare(check, path + ": outside of the replay window", std::int64_t{0}, counts.outside_window);
  }
  if (requests == 0) check.differences.emplace_back("the receiver got no request");
  check.claim = std::to_string(requests) + " requests: the receiver verified the signature and time of each";
  return check;
}

Check check_attempts(const Scenario& scenario, const Deliveries& deliveries, const DaemonApi& api,
                     std::map<std::string, int>& results) {
  std::size_t total = 0;
  Check check;
  for (const auto& destination : scenario.destinations)
    for (const auto& delivery : deliveries_of(deliveries, destination.id)) {
      const auto attempts = api.attempts(destination.tenant, delivery.id);
      total += attempts.size();
      compare(check, place(destination) + ": recorded attempts of delivery " + delivery.id,
              static_cast<std::size_t>(delivery.attempts), attempts.size());
      for (const auto& attempt : attempts) {
        ++results[attempt.result];
        for (const auto* secret : echoed_secrets)
          if (attempt.text.find(secret) != std::string::npos)
            check.differences.push_back(place(destination) + ": an attempt of delivery " + delivery.id +
                                        " repeats a secret that the receiver echoed");
      }
    }
  check.claim = std::to_string(total) + " attempts: all recorded, and what the receiver echoed is redacted";
  return check;
}

Check check_metrics(const Deliveries& deliveries, const std::map<std::string, int>& attempt_results,
                    const PublishCounts& published, const std::map<std::string, double>& metrics) {
  Check check{"/metrics agrees with the API", {}};
  const auto counter = [&](const std::string& name, int expected) {
    const auto found = metrics.find(name);
    compare(check, "/metrics " + name, expected, found == metrics.end() ? 0 : static_cast<int>(found->second));
  };
  std::map<DeliveryState, int> ended;
  for (const auto& [destination, list] : deliveries)
    for (const auto& delivery : list) ++ended[delivery.state];
  for (const auto state : all_delivery_states)
    if (is_terminal(state))
      counter("opi_deliveries_ended_total{state=\"" + std::string(to_string(state)) + "\"}", ended[state]);
  for (const auto& [result, count] : attempt_results) counter("opi_attempts_total{result=\"" + result + "\"}", count);
  counter(R"(opi_events_total{result="accepted"})", published.accepted);
  counter(R"(opi_events_total{result="duplicate"})", published.duplicate);
  counter(R"(opi_events_total{result="conflict"})", published.conflict);
  return check;
}

Check check_intake(int expected_events, int sent_again, const PublishCounts& published) {
  Check check{std::to_string(expected_events) + " events accepted, " + std::to_string(sent_again) +
                  " sent again and answered as duplicates",
              {}};
  compare(check, "events accepted", expected_events, published.accepted);
  compare(check, "events answered as duplicates", sent_again, published.duplicate);
  compare(check, "events answered as conflicts", 0, published.conflict);
  return check;
}

Check check_silence(const std::vector<std::string>& secrets, const std::vector<std::filesystem::path>& files) {
  Check check{"no secret and no token stands in the logs or the database", {}};
  for (const auto& file : files) {
    const auto text = read_file(file);
    for (const auto& secret : secrets)
      if (text.find(secret) != std::string::npos) {
        check.differences.push_back(file.string() + ": holds a secret or a token");
        break;
      }
  }
  return check;
}

}  // namespace opi::demo
