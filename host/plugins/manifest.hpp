#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/config_schema.hpp"
#include "plugins/needs.hpp"
#include "plugins/reference_template.hpp"

namespace opi::plugins {

enum class ComponentKind { adapter, secret_provider };

// A secret that an adapter asks the host to sign or authorise with.
struct Slot {
  std::string name, title;
};

// One thing that a plugin offers, as its manifest says.
struct Component {
  std::string id;
  ComponentKind kind{};
  std::string title;
  std::vector<std::string> interfaces;
  std::vector<std::string> environments;  // empty: all
  ConfigSchema config_schema;
  std::string config_schema_json;
  std::vector<Slot> slots;
  std::vector<std::string> egress;  // host patterns that render() may name: "{endpoint}", "host", "*.suffix", "*"
  std::size_t body_bytes = 1024 * 1024;
  bool ordered = false;  // "order": "subject": deliveries about one subject are for one after the other
  std::optional<ReferenceTemplate> reference;  // secret providers
  Needs needs;                                 // likewise
  std::string samples_json;                    // array of sample events for previews; "[]" if none
};

struct Manifest {
  std::string id, version, vendor;
  std::uint32_t abi_major = 0, abi_minor = 0;
  std::vector<Component> components;

  static constexpr std::size_t max_bytes = 256 * 1024, max_components = 32;
};

// Reads a manifest; appends everything that is wrong with it to `problems`, each naming its field.
// The result is of use only if nothing was appended.
Manifest parse_manifest(std::string_view text, std::vector<std::string>& problems);

}  // namespace opi::plugins
