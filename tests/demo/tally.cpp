#include "tally.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

namespace opi::demo {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& object, const char* name) {
  const auto& text = object.at(name).as_string();
  return {text.data(), text.size()};
}

const DemoDestination& find(const Scenario& scenario, const std::string& tenant, const std::string& name) {
  for (const auto& destination : scenario.destinations)
    if (destination.tenant == tenant && destination.name == name) return destination;
  throw std::runtime_error("the scenario has no destination " + tenant + " / " + name);
}

Expectation read_expectation(const json::value& document, const Scenario& scenario) {
  Expectation expectation;
  for (const auto& [tenant, count] : document.at("events").as_object())
    expectation.events[std::string(tenant)] = count.to_number<int>();
  for (const auto& row : document.at("destinations").as_array()) {
    Tally tally;
    for (const auto& field : tally_fields) tally.*field.number = row.at(field.name).to_number<int>();
    expectation.tallies[find(scenario, text_of(row, "tenant_id"), text_of(row, "name")).id] = tally;
  }
  for (const auto& destination : scenario.destinations)
    if (!expectation.tallies.contains(destination.id))
      throw std::runtime_error("nothing is expected of " + destination.tenant + " / " + destination.name);
  return expectation;
}

}  // namespace

Tally tally_of(const std::vector<ShownDelivery>& deliveries) {
  Tally tally;
  for (const auto& delivery : deliveries) {
    switch (delivery.state) {
      case DeliveryState::delivered: ++tally.delivered; break;
      case DeliveryState::failed: ++tally.failed; break;
      case DeliveryState::dead_lettered: ++tally.dead_lettered; break;
      case DeliveryState::pending: ++tally.waiting; break;
      case DeliveryState::delivering:
      case DeliveryState::retry_scheduled: break;
    }
    tally.retried += delivery.attempts > 1;
    tally.attempts += delivery.attempts;
  }
  return tally;
}

std::int64_t percentile(std::vector<std::int64_t> values, int percent) {
  std::ranges::sort(values);
  const auto rank = (values.size() * static_cast<std::size_t>(percent) + 99) / 100;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

std::optional<LatencyMs> latency_of(const std::vector<ShownDelivery>& deliveries) {
  std::vector<std::int64_t> values;
  for (const auto& delivery : deliveries)
    if (delivery.completed_unix_ms) values.push_back(*delivery.completed_unix_ms - delivery.created_unix_ms);
  if (values.empty()) return std::nullopt;
  return LatencyMs{percentile(values, 50), percentile(values, 95)};
}

bool Expectation::is_over(const Scenario& scenario, const Deliveries& deliveries) const {
  return std::ranges::all_of(scenario.destinations, [&](const DemoDestination& destination) {
    const auto own = deliveries.find(destination.id);
    const int wanted = scenario.subscribed_events(destination);
    if (own == deliveries.end()) return wanted == 0;
    const auto& list = own->second;
    if (static_cast<int>(list.size()) < wanted) return false;
    // Where waiting is expected, a first delivery has been told that nothing more is wanted.
    const bool may_wait = tallies.at(destination.id).waiting > 0 &&
                          std::ranges::any_of(list, [](const auto& one) { return is_terminal(one.state); });
    return std::ranges::all_of(list, [&](const ShownDelivery& one) {
      return is_terminal(one.state) || (may_wait && one.state == DeliveryState::pending);
    });
  });
}

Expectation load_expectation(const std::filesystem::path& file, const Scenario& scenario) {
  try {
    return read_expectation(json::parse(read_file(file)), scenario);
  } catch (const std::exception& failure) {
    throw std::runtime_error(file.string() + ": " + failure.what());
  }
}

}  // namespace opi::demo
