#pragma once
#include <memory>
#include <string>
#include <vector>

#include "configuration/configuration.hpp"
#include "crypto/ed25519.hpp"
#include "egress/address_guard.hpp"
#include "plugins/plugin_host.hpp"
#include "plugins/plugin_secret_provider.hpp"

// What the configuration means to the parts that the daemon and its command line have in common.
namespace opi::node {

plugins::PluginHost::Options plugin_options(const configuration::Configuration& configuration);
// The secret providers of the plugins that `host` has loaded.
std::vector<std::shared_ptr<secrets::SecretProvider>> secret_providers(
    plugins::PluginHost& host, const configuration::Configuration& configuration, telemetry::Logger& logger);
// Loads the plugin directory and makes its secret providers.
std::vector<std::shared_ptr<secrets::SecretProvider>> load_plugins(plugins::PluginHost& host,
                                                                   const configuration::Configuration& configuration,
                                                                   telemetry::Logger& logger);

// Throws std::runtime_error that names an entry of egress.allow which is not a CIDR block.
egress::AddressGuard address_guard(const configuration::Configuration& configuration);
// audit.trusted_keys.
std::vector<crypto::Ed25519PublicKey> trusted_audit_keys(const configuration::Configuration& configuration);
// What is wrong with values that only the parts can judge.
std::vector<std::string> faults(const configuration::Configuration& configuration);

}  // namespace opi::node
