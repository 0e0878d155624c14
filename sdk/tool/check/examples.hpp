#pragma once
#include <string>
#include <vector>

#include "domain/event.hpp"
#include "plugins/manifest.hpp"

namespace opi::tool {

// Configurations that a component should take: the schema's "examples", and the one made of its properties' examples,
// defaults and required values. Those that the schema itself refuses are left out.
std::vector<std::string> example_configs(const plugins::Component& component);

// Configurations that nobody should have: not JSON, not an object, and each property with a value of another type.
std::vector<std::string> wrong_configs(const plugins::Component& component);

// The manifest's samples, and an event of the most usual kind. Throws Failure that names the sample which is no event.
std::vector<Event> example_events(const plugins::Component& component);

// Where the component may send, with a token that no person chose in the query.
std::string example_endpoint(const plugins::Component& component, const std::string& token = "t0k3n");

}  // namespace opi::tool
