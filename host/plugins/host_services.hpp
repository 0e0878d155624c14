#pragma once
#include <string>

#include "plugins/abi.hpp"
#include "telemetry/logger.hpp"

namespace opi::plugins {

// The host as one plugin sees it. At a fixed address; outlives the plugin.
class HostServices {
 public:
  HostServices(std::string plugin_id, std::string environment, std::uint16_t offered_minor, telemetry::Logger& logger);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  [[nodiscard]] const opi_host* host() const { return &host_; }

 private:
  static const void* service(const opi_host* host, const char* id);
  static std::uint32_t threshold(const opi_host* host);
  static void write(const opi_host* host, std::uint32_t level, opi_str message, const opi_kv* fields,
                    std::uint64_t n_fields);
  void write_line(telemetry::Level level, const opi_str& message, const opi_kv* fields, std::uint64_t n_fields) const;
  static const opi_log_v1 log_table;

  std::string plugin_id_, environment_;
  telemetry::Logger& logger_;
  opi_host host_;
};

}  // namespace opi::plugins
