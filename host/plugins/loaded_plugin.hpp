#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "foundation/mutex.hpp"
#include "plugins/abi.hpp"
#include "plugins/breadcrumbs.hpp"
#include "plugins/host_services.hpp"
#include "plugins/plugin.hpp"

namespace opi::plugins {

// A plugin that runs in this process. Its library is never unloaded; shutdown() is called when the last user lets go.
// Thread-safe, except that [control] calls go through control().
class LoadedPlugin final : public Plugin, public std::enable_shared_from_this<LoadedPlugin> {
 public:
  using Source = PluginSource;

  // Opens the library and starts the plugin. Null if it is refused; then why stands in `refused`.
  static std::shared_ptr<LoadedPlugin> load(Source source, std::shared_ptr<Breadcrumbs> breadcrumbs,
                                            telemetry::Logger& logger, std::vector<Refusal>& refused);
  ~LoadedPlugin() override;

  [[nodiscard]] Isolation isolation() const override { return Isolation::in_process; }
  // A crash here is the daemon's: what comes of it is judged at the next start.
  [[nodiscard]] std::string quarantine(const TenantId&) const override { return {}; }
  [[nodiscard]] std::unique_ptr<AdapterInstance> adapter(const Component& component, const Destination& destination,
                                                         std::vector<std::string> confidential) override;
  [[nodiscard]] std::unique_ptr<ProviderInstance> provider(const Component& component,
                                                           const std::string& config_json) override;

  [[nodiscard]] telemetry::Logger& logger() const { return logger_; }
  [[nodiscard]] const opi_host* host() const { return services_.host(); }
  [[nodiscard]] void* state() const { return state_; }

  // A table that the manifest promises; checked when the plugin was loaded.
  template <class Table>
  [[nodiscard]] const Table& interface_of(const Component& component, const char* interface_id) const {
    return *static_cast<const Table*>(table_->get_interface(state_, component.id.c_str(), interface_id));
  }

  // Makes one call into the plugin: with a breadcrumb, and with whatever it throws turned into OPI_E_EXCEPTION.
  template <class Call>
  opi_status call(Phase phase, Call&& body) const {
    const Breadcrumbs::Scope scope(*breadcrumbs_, number_, phase);
    try {
      return body();
    } catch (...) {
      return OPI_E_EXCEPTION;
    }
  }
  // Held around every [control] call.
  [[nodiscard]] Mutex& control() const { return control_; }

 private:
  LoadedPlugin(Source source, std::shared_ptr<Breadcrumbs> breadcrumbs, telemetry::Logger& logger);
  bool open(std::vector<Refusal>& refused);
  bool start(std::vector<Refusal>& refused);
  bool refuse(std::vector<Refusal>& refused, Stage stage, const struct RefusalCode& code,
              const std::string& message) const;

  std::shared_ptr<Breadcrumbs> breadcrumbs_;
  telemetry::Logger& logger_;
  std::optional<std::uint32_t> number_;
  HostServices services_;
  const opi_plugin* table_ = nullptr;
  void* state_ = nullptr;
  bool started_ = false;
  mutable Mutex control_;
};

}  // namespace opi::plugins
