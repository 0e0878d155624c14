#pragma once
#include "administration/adapter_directory.hpp"
#include "plugins/plugin_host.hpp"

namespace opi::plugins {

// The adapters of the loaded plugins, as those who manage destinations see them.
class PluginAdapterDirectory final : public administration::AdapterDirectory {
 public:
  explicit PluginAdapterDirectory(const PluginHost& host) : host_(host) {}
  [[nodiscard]] std::vector<administration::AdapterDescription> loaded() const override;
  [[nodiscard]] std::vector<administration::RefusedPlugin> refused() const override;
  [[nodiscard]] std::vector<delivery::FieldError> check_config(std::string_view adapter,
                                                               std::string_view config_json) const override;
  [[nodiscard]] std::vector<delivery::FieldError> refusal(const Destination& destination) const override;

 private:
  const PluginHost& host_;
};

// An adapter's "headers: ..." as what is wrong with "config.headers", its "endpoint: ..." as with the endpoint, and
// what names no member as with the configuration.
delivery::FieldError field_error(std::string_view refusal, std::string_view config_json);

// "/signatures/1" as "config.signatures[1]".
std::string config_field(std::string_view json_pointer);

// The text with every absolute path cut to its last name: where files lie is the operator's business alone.
std::string without_directories(std::string_view text);

}  // namespace opi::plugins
