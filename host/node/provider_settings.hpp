#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "configuration/configuration.hpp"
#include "plugins/manifest.hpp"
#include "secrets/secret_providers.hpp"

// What the sections [secret_provider.<id>] mean to the providers, which say by their schemas what may stand there.
namespace opi::node {

// A secret provider that a plugin file offers, as its manifest says.
struct OfferedProvider {
  std::string plugin, file;  // id; path
  plugins::Component component;

  [[nodiscard]] bool is_for(configuration::Environment environment) const;
  // It serves as it comes, without a section.
  [[nodiscard]] bool needs_no_settings() const { return component.config_schema.check("{}").empty(); }
};
// Of the files of a plugin directory that can be read. None of their code is run.
std::vector<OfferedProvider> offered_providers(const std::filesystem::path& plugin_directory);

// The section as JSON by the component's schema: a string as it stands, numbers, booleans, arrays and objects as JSON
// has them; the string $CREDENTIALS_DIRECTORY is what systemd has put there. What is no such thing stays a text, for
// the schema to refuse.
std::string json_of(const std::map<std::string, configuration::ProviderSetting>& section,
                    const plugins::Component& component);

// What is wrong with a section by its component's schema, each with its place.
std::vector<std::string> section_faults(const std::map<std::string, configuration::ProviderSetting>& section,
                                        const plugins::Component& component);
// What is wrong with the sections, each with its place. Where the plugin directory cannot be read, nothing is known.
// A section of no provider is none: its plugin may be dropped in later.
std::vector<std::string> provider_faults(const configuration::Configuration& configuration);
// Sections that are of no provider in the plugin directory, each with its place: mistyped, or their plugin is missing.
std::vector<std::string> sections_of_nobody(const configuration::Configuration& configuration);

enum class ProviderState { serving, not_configured, not_here, refused };
std::string_view to_string(ProviderState state);

struct ProviderStanding {
  std::string id, scheme, plugin;
  bool configured = false;  // it has a section
  ProviderState state = ProviderState::refused;
};
// How every provider of the plugin directory stands, where `serving` are those that were made.
std::vector<ProviderStanding> provider_standings(const configuration::Configuration& configuration,
                                                 const secrets::SecretProviders& serving);

// Every provider's section for the documented file, with all that can be set in comments.
std::string documented_providers(const std::filesystem::path& plugin_directory);

}  // namespace opi::node
