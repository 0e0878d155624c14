#include "scenario.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <set>
#include <stdexcept>

#include "domain/event.hpp"

namespace opi::demo {
namespace {

namespace json = boost::json;

constexpr std::uintmax_t max_file_bytes = 64 * 1024 * 1024;

std::string text_of(const json::object& object, const char* name) {
  const auto& text = object.at(name).as_string();
  return {text.data(), text.size()};
}

// "http://127.0.0.1:@RECEIVER_PORT@/flaky/acme?x=1" -> "/flaky/acme"
std::string path_of(const std::string& endpoint) {
  const auto host = endpoint.find("://");
  const auto path = host == std::string::npos ? host : endpoint.find('/', host + 3);
  if (path == std::string::npos) throw std::runtime_error("endpoint " + endpoint + " has no path");
  return endpoint.substr(path, endpoint.find('?', path) - path);
}

DemoDestination read_destination(const json::object& object, const std::string& tenant) {
  DemoDestination destination;
  destination.tenant = tenant;
  destination.id = text_of(object, "destination_id");
  destination.name = text_of(object, "name");
  destination.path = path_of(text_of(object, "endpoint"));
  destination.part = destination.path.substr(1, destination.path.find('/', 1) - 1);
  for (const auto& type : object.at("event_types").as_array())
    destination.subscriptions.emplace_back(type.as_string().data(), type.as_string().size());
  return destination;
}

void read_destinations(Scenario& scenario) {
  std::set<std::string> references;
  const auto document = json::parse(scenario.destinations_template);
  for (const auto& tenant : document.at("tenants").as_array()) {
    scenario.tenants.push_back(text_of(tenant.as_object(), "tenant_id"));
    for (const auto& item : tenant.at("destinations").as_array()) {
      scenario.destinations.push_back(read_destination(item.as_object(), scenario.tenants.back()));
      for (const auto& credential : item.at("credentials").as_array())
        references.insert(text_of(credential.as_object(), "reference"));
    }
  }
  scenario.secret_references.assign(references.begin(), references.end());
}

void read_events(Scenario& scenario, const std::string& text) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    try {
      const auto object = json::parse(line).as_object();
      scenario.events.push_back(
          {text_of(object, "tenant_id"), text_of(object, "event_id"), text_of(object, "event_type"), std::move(line)});
    } catch (const std::exception& failure) {
      throw std::runtime_error("line " + std::to_string(number) + ": " + failure.what());
    }
  }
}

}  // namespace

std::vector<DemoEvent> Scenario::events_of(const std::string& tenant) const {
  std::vector<DemoEvent> own;
  std::ranges::copy_if(events, std::back_inserter(own), [&](const DemoEvent& event) { return event.tenant == tenant; });
  return own;
}

int Scenario::subscribed_events(const DemoDestination& destination) const {
  return static_cast<int>(std::ranges::count_if(events, [&](const DemoEvent& event) {
    return event.tenant == destination.tenant &&
           std::ranges::any_of(destination.subscriptions,
                               [&](const std::string& pattern) { return subscription_matches(pattern, event.type); });
  }));
}

Scenario load_scenario(const std::filesystem::path& folder) {
  Scenario scenario;
  scenario.configuration_template = read_file(folder / "integrationsd.conf");
  scenario.destinations_template = read_file(folder / "destinations.json");
  const auto guarded = [&](const char* file, auto read) {
    try {
      read();
    } catch (const std::exception& failure) {
      throw std::runtime_error((folder / file).string() + ": " + failure.what());
    }
  };
  guarded("destinations.json", [&] { read_destinations(scenario); });
  guarded("events.ndjson", [&] { read_events(scenario, read_file(folder / "events.ndjson")); });
  return scenario;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code unknown;
  const auto size = std::filesystem::file_size(file, unknown);
  if (!stream || unknown) throw std::runtime_error(file.string() + ": cannot be read");
  if (size > max_file_bytes) throw std::runtime_error(file.string() + ": is larger than 64 MiB");
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string fill(std::string text, const std::map<std::string, std::string>& values) {
  for (std::size_t at = 0; (at = text.find('@', at)) != std::string::npos;) {
    const auto end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", at + 1);
    if (end == std::string::npos || text[end] != '@' || end == at + 1) {
      ++at;  // a lone @
      continue;
    }
    const auto name = text.substr(at + 1, end - at - 1);
    const auto found = values.find(name);
    if (found == values.end()) throw std::runtime_error("there is no value for @" + name + "@");
    text.replace(at, end + 1 - at, found->second);
    at += found->second.size();
  }
  return text;
}

}  // namespace opi::demo
