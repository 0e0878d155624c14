#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/plugin_lab.hpp"
#include "plugins/plugin_provider_registry.hpp"

namespace opi::plugins::testing {

inline std::string text(const std::shared_ptr<const secrets::Secret>& secret) {
  if (!secret) return "(absent)";
  const auto bytes = secret->reveal();
  return {bytes.begin(), bytes.end()};
}

// Secret providers of a plugin directory of a test's own.
class ProviderTest : public ::testing::Test {
 protected:
  void start(PluginHost::Options options) {
    set_.replace({});
    registry_.reset();
    host_.reset();
    host_ = std::make_unique<PluginHost>(std::move(options), lab_.logger());
    registry_ = std::make_unique<PluginProviderRegistry>(*host_, set_, lab_.logger());
    registry_->load_directory(config_of());
  }
  PluginHost::Change reload() { return registry_->reload_directory(config_of()); }
  [[nodiscard]] PluginProviderRegistry::ConfigOf config_of() const {
    return [configs = configs_](const Component& component) {
      const auto found = configs.find(component.id);
      return found == configs.end() ? std::nullopt : std::optional(found->second);
    };
  }
  [[nodiscard]] std::shared_ptr<secrets::SecretProvider> provider(std::string_view reference) const {
    return set_.find(reference.substr(0, reference.find("://")));
  }
  secrets::ResolveResult resolve(const std::string& reference, std::vector<std::string> keys = {},
                                 std::string_view known = {}, MonoTime deadline = MonoTime::max()) {
    const auto one = provider(reference);
    const auto parsed = one->parse(reference, tenant_);
    if (keys.empty()) keys = {parsed.key};
    return one->resolve({parsed, keys, tenant_, known, deadline});
  }
  // The one value, or why there is none.
  std::string value(const std::string& reference) {
    const auto found = resolve(reference);
    return found.status == secrets::ResolveStatus::ok ? text(found.values.at(0)) : "failed: " + found.failure;
  }

  PluginLab lab_;
  std::map<std::string, std::string> configs_;  // by component
  secrets::SecretProviders set_;
  std::unique_ptr<PluginHost> host_;
  std::unique_ptr<PluginProviderRegistry> registry_;
  const TenantId tenant_ = *TenantId::parse("acme");
};

}  // namespace opi::plugins::testing
