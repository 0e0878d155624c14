#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace opi::demo {

struct DemoEvent {
  std::string tenant, id, type;
  std::string text;  // the line as it stands in events.ndjson
};

struct DemoDestination {
  std::string tenant, id, name;
  std::string part;  // what the receiver plays: the first part of the endpoint's path
  std::string path;  // of the endpoint, without a query: how the receiver counts it
  std::vector<std::string> subscriptions;
};

// What the demo plays, read from etc/demo.
struct Scenario {
  std::vector<std::string> tenants;           // in the order of destinations.json
  std::vector<DemoDestination> destinations;  // likewise; by tenant
  std::vector<DemoEvent> events;              // in the order of events.ndjson
  std::string destinations_template, configuration_template;
  std::vector<std::string> secret_references;  // every local:// reference, once

  [[nodiscard]] std::vector<DemoEvent> events_of(const std::string& tenant) const;
  // How many events the destination subscribes to.
  [[nodiscard]] int subscribed_events(const DemoDestination& destination) const;
};

// Throws std::runtime_error, which names the file and what is wrong with it.
Scenario load_scenario(const std::filesystem::path& folder);

// The whole text of a file of at most 64 MiB. Throws std::runtime_error, which names it.
std::string read_file(const std::filesystem::path& file);

// Puts the values in the place of their @NAMES@. Throws std::runtime_error for a name without a value.
std::string fill(std::string text, const std::map<std::string, std::string>& values);

}  // namespace opi::demo
