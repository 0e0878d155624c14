#pragma once
#include <filesystem>
#include <memory>

#include "administration/adapter_directory.hpp"
#include "administration/broker_credential_check.hpp"
#include "configuration/configuration.hpp"
#include "ctl/plugin_warnings.hpp"
#include "plugins/plugin_adapter_directory.hpp"
#include "plugins/plugin_host.hpp"
#include "plugins/plugin_provider_registry.hpp"
#include "runtime/worker_pool.hpp"
#include "telemetry/metrics.hpp"

namespace opi::ctl {

// A folder for this process alone, gone with it.
class PrivateFolder {
 public:
  // In `preferred` if that can be written to, else in the system's temporary folder. Throws std::system_error.
  explicit PrivateFolder(const std::filesystem::path& preferred);
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The plugins and secret providers as the daemon would have them, loaded into this process when first asked for: most
// commands need none. The daemon has its state directory for itself, so the plugins' copies lie in a folder of our own,
// with a copy of the daemon's record of crashes. For one thread.
class PluginDesk {
 public:
  PluginDesk(const configuration::Configuration& configuration, const Clock& clock, Random& random)
      : configuration_(configuration), clock_(clock), random_(random) {}
  ~PluginDesk();
  PluginDesk(const PluginDesk&) = delete;
  PluginDesk& operator=(const PluginDesk&) = delete;

  // Without any plugin.
  plugins::PluginHost& host();
  // With those of the configured directory, and their secret providers.
  plugins::PluginHost& loaded();
  const secrets::SecretProviders& providers();
  // What the plugins warned of since the last call: "<plugin>: <message>".
  std::vector<std::string> warnings();
  administration::CredentialCheck& check();
  // Why the purpose of this destination has no secret, after check() has said that it has none; never holds a value.
  std::string failure(const std::shared_ptr<const Destination>& destination, const std::string& purpose);
  [[nodiscard]] secrets::SecretBroker& broker();
  telemetry::Logger& logger() { return logger_; }

 private:
  const configuration::Configuration& configuration_;
  const Clock& clock_;
  Random& random_;
  PluginWarnings logger_;
  std::unique_ptr<PrivateFolder> folder_;
  std::unique_ptr<plugins::PluginHost> host_;
  bool loaded_ = false;
  secrets::SecretProviders providers_;
  std::unique_ptr<plugins::PluginProviderRegistry> registry_;
  telemetry::Metrics metrics_;  // that nobody reads: the broker counts
  std::unique_ptr<runtime::WorkerPool> workers_;
  std::unique_ptr<secrets::SecretBroker> broker_;
  std::unique_ptr<administration::BrokerCredentialCheck> check_;
};

// The desk's adapters and credentials for those who take them by their ports.
class DeskAdapters final : public administration::AdapterDirectory {
 public:
  explicit DeskAdapters(PluginDesk& desk) : desk_(desk) {}
  [[nodiscard]] std::vector<administration::AdapterDescription> loaded() const override { return of().loaded(); }
  [[nodiscard]] std::vector<administration::RefusedPlugin> refused() const override { return of().refused(); }
  [[nodiscard]] std::vector<delivery::FieldError> check_config(std::string_view adapter,
                                                               std::string_view config_json) const override {
    return of().check_config(adapter, config_json);
  }
  [[nodiscard]] std::vector<delivery::FieldError> refusal(const Destination& destination) const override {
    return of().refusal(destination);
  }

 private:
  [[nodiscard]] plugins::PluginAdapterDirectory of() const { return plugins::PluginAdapterDirectory(desk_.loaded()); }
  PluginDesk& desk_;
};

class DeskCredentials final : public administration::CredentialCheck {
 public:
  explicit DeskCredentials(PluginDesk& desk) : desk_(desk) {}
  [[nodiscard]] std::optional<std::string> reference_fault(std::string_view reference,
                                                           const TenantId& tenant) const override {
    return desk_.check().reference_fault(reference, tenant);
  }
  [[nodiscard]] bool is_same_secret(std::string_view one, std::string_view other,
                                    const TenantId& tenant) const override {
    return desk_.check().is_same_secret(one, other, tenant);
  }
  std::vector<std::vector<secrets::CredentialPosture>> postures(
      const std::vector<std::shared_ptr<const Destination>>& destinations) override {
    return desk_.check().postures(destinations);
  }

 private:
  PluginDesk& desk_;
};

}  // namespace opi::ctl
