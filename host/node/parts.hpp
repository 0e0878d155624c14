#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "configuration/configuration.hpp"
#include "crypto/ed25519.hpp"
#include "egress/address_guard.hpp"
#include "egress/proxy.hpp"
#include "plugins/plugin_host.hpp"
#include "plugins/plugin_provider_registry.hpp"

// What the configuration means to the parts that the daemon and its command line have in common.
namespace opi::node {

plugins::PluginHost::Options plugin_options(const configuration::Configuration& configuration);
// What the configuration says to each secret provider. One whose section is wrong is refused, with its lines.
plugins::PluginProviderRegistry::ConfigOf provider_configs(const configuration::Configuration& configuration);

// Throws std::runtime_error that names an entry of egress.allow which is not a CIDR block.
egress::AddressGuard address_guard(const configuration::Configuration& configuration);

// The way out that the operator names; null: none. Throws std::runtime_error that names the key and repeats no value.
std::shared_ptr<const egress::Proxy> egress_proxy(const configuration::Configuration& configuration);
// audit.trusted_keys.
std::vector<crypto::Ed25519PublicKey> trusted_audit_keys(const configuration::Configuration& configuration);
// What is wrong with egress.allow, with its place.
std::vector<std::string> egress_faults(const configuration::Configuration& configuration);
// That, and what is wrong with the sections of secret providers: whatever only the parts can judge.
std::vector<std::string> faults(const configuration::Configuration& configuration);

// What --print-config prints: every key, and the sections of the providers in plugins.directory, or where that is not
// there, in that of the build tree.
std::string documented_configuration(const configuration::Configuration& configuration);

}  // namespace opi::node
