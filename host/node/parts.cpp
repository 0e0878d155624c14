#include "node/parts.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "configuration/documented_file.hpp"
#include "node/provider_settings.hpp"
#include "node/version.hpp"
#include "plugins/shipped_pins.hpp"

namespace opi::node {
namespace {

namespace fs = std::filesystem;
using configuration::Configuration;

// Beside the program in a build tree, in libexec when installed, unless it is configured.
fs::path program(const std::string& configured, const char* name) {
  if (!configured.empty()) return configured;
  const fs::path own = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path beside = own / name;
  return fs::exists(beside) ? beside : own.parent_path() / "libexec" / "oneprotect-integrations" / name;
}

}  // namespace

plugins::PluginHost::Options plugin_options(const Configuration& configuration) {
  plugins::PluginHost::Options options;
  options.directory = configuration.plugin_directory;
  options.state_directory = configuration.state_directory;
  options.environment = configuration::to_string(configuration.environment);
  options.host_version = version;
  options.probe.program = program(configuration.probe_program, "opi-plugin-probe");
  options.pinned_sha256 = configuration.plugin_pins;
  options.release = configuration.plugin_release;
  options.isolation = configuration.plugin_isolation == configuration::PluginIsolation::process
                          ? plugins::IsolationRule::process
                      : configuration.plugin_isolation == configuration::PluginIsolation::in_process
                          ? plugins::IsolationRule::in_process
                          : plugins::IsolationRule::automatic;
  options.shipped_sha256 = plugins::read_shipped_pins(program("", "opi-plugins.sha256"));
  options.in_process_sha256 = configuration.plugins_in_process;
  options.process_per_tenant = configuration.plugin_process_per_tenant;
  options.sandbox.program = program(configuration.plugin_host_program, "opi-plugin-host");
  return options;
}

plugins::PluginProviderRegistry::ConfigOf provider_configs(const Configuration& configuration) {
  return
      [sections = configuration.secret_providers](const plugins::Component& component) -> std::optional<std::string> {
        const auto section = sections.find(component.id);
        if (section == sections.end()) return std::nullopt;
        std::string all;
        for (const auto& fault : section_faults(section->second, component)) all += (all.empty() ? "" : "; ") + fault;
        if (!all.empty()) throw std::runtime_error(all);
        return json_of(section->second, component);
      };
}

egress::AddressGuard address_guard(const Configuration& configuration) {
  std::string error;
  auto allowed = egress::parse_allow_list(configuration.egress_allow, error);
  if (!error.empty()) throw std::runtime_error("egress.allow: " + error);
  return egress::AddressGuard(std::move(allowed), configuration.egress_plain_http == configuration::PlainHttp::any
                                                      ? egress::PlainHttp::any
                                                      : egress::PlainHttp::listed);
}

std::shared_ptr<const egress::Proxy> egress_proxy(const Configuration& configuration) {
  if (configuration.egress_proxy.empty()) return nullptr;
  std::string error;
  auto proxy = egress::Proxy::parse(configuration.egress_proxy, configuration.egress_proxy_credentials,
                                    configuration.egress_proxy_exceptions, error);
  if (!proxy) throw std::runtime_error(error);
  return proxy;
}

std::vector<crypto::Ed25519PublicKey> trusted_audit_keys(const configuration::Configuration& configuration) {
  std::vector<crypto::Ed25519PublicKey> keys;
  for (const auto& text : configuration.audit_trusted_keys)
    if (const auto key = crypto::ed25519_public_key(text))
      keys.push_back(*key);  // its form was checked when it was read
  return keys;
}

std::vector<std::string> egress_faults(const Configuration& configuration) {
  try {
    address_guard(configuration);
    egress_proxy(configuration);
    return {};
  } catch (const std::runtime_error& fault) {
    return {std::string("configuration: ") + fault.what()};
  }
}

std::vector<std::string> faults(const Configuration& configuration) {
  auto found = egress_faults(configuration);
  std::ranges::move(provider_faults(configuration), std::back_inserter(found));
  return found;
}

std::string documented_configuration(const Configuration& configuration) {
  const fs::path beside = fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "lib/plugins";
  const bool is_there = fs::exists(configuration.plugin_directory) || !fs::exists(beside);
  return configuration::documented_file() +
         documented_providers(is_there ? fs::path(configuration.plugin_directory) : beside);
}

}  // namespace opi::node
