#pragma once
#include <memory>

#include "plugins/loaded_plugin.hpp"

namespace opi::plugins {

// An instance of a component in this process, for as long as this lives.
class LocalInstance {
 public:
  // `kind`, as people call it. Throws std::runtime_error with the plugin's reason if it refuses the configuration.
  LocalInstance(std::shared_ptr<const LoadedPlugin> plugin, const Component& component, const opi_instance_args& args,
                const char* kind);
  ~LocalInstance();
  LocalInstance(const LocalInstance&) = delete;
  LocalInstance& operator=(const LocalInstance&) = delete;

  [[nodiscard]] const LoadedPlugin& plugin() const { return *plugin_; }
  [[nodiscard]] void* get() const { return instance_; }

 private:
  std::shared_ptr<const LoadedPlugin> plugin_;
  const opi_component_v1& lifetime_;
  void* instance_ = nullptr;
};

}  // namespace opi::plugins
