#include "plugins/host_services.hpp"

#include <algorithm>
#include <new>

#include "plugins/confidence.hpp"

namespace opi::plugins {
namespace {

constexpr std::size_t max_text_bytes = 1024, max_fields = 16;

telemetry::Level level_of(std::uint32_t level) {
  switch (level) {
    case OPI_LOG_DEBUG: return telemetry::Level::debug;
    case OPI_LOG_INFO: return telemetry::Level::info;
    case OPI_LOG_WARNING: return telemetry::Level::warning;
    default: return telemetry::Level::error;
  }
}

// Plugins are foreign: what they say is made valid UTF-8, bounded and redacted.
std::string tame(const opi_str& text) {
  if (!is_sound(text)) return "(no text)";
  return Confidence::keep(view(text), max_text_bytes);
}

}  // namespace

const opi_log_v1 HostServices::log_table{sizeof(opi_log_v1), 0, &HostServices::threshold, &HostServices::write};

HostServices::HostServices(std::string plugin_id, std::string environment, std::uint16_t offered_minor,
                           telemetry::Logger& logger)
    : plugin_id_(std::move(plugin_id)),
      environment_(std::move(environment)),
      logger_(logger),
      host_{sizeof(opi_host), OPI_ABI_MAJOR, offered_minor, this, raw(environment_), &HostServices::service} {}

const void* HostServices::service(const opi_host* host, const char* id) {
  if (host == nullptr || id == nullptr || std::string_view{id} != OPI_SVC_LOG) return nullptr;
  return &log_table;
}

std::uint32_t HostServices::threshold(const opi_host* host) {
  const auto& logger = static_cast<const HostServices*>(host->impl)->logger_;
  for (const std::uint32_t level : {OPI_LOG_DEBUG, OPI_LOG_INFO, OPI_LOG_WARNING})
    if (logger.enabled(level_of(level))) return level;
  return OPI_LOG_ERROR;
}

void HostServices::write(const opi_host* host, std::uint32_t level, opi_str message, const opi_kv* fields,
                         std::uint64_t n_fields) {
  const auto& self = *static_cast<const HostServices*>(host->impl);
  if (!self.logger_.enabled(level_of(level))) return;
  try {
    self.write_line(level_of(level), message, fields, n_fields);
  } catch (const std::bad_alloc&) {
    self.logger_.log(telemetry::Level::error, "plugin.message_lost", {{"plugin", std::string_view{self.plugin_id_}}});
  }
}

void HostServices::write_line(telemetry::Level level, const opi_str& message, const opi_kv* fields,
                              std::uint64_t n_fields) const {
  std::string detail;
  for (std::uint64_t i = 0; fields != nullptr && i < std::min<std::uint64_t>(n_fields, max_fields); ++i)
    detail += (detail.empty() ? "" : " ") + tame(fields[i].k) + "=" + tame(fields[i].v);
  logger_.log(level, "plugin.message", {{"plugin", plugin_id_}, {"message", tame(message)}, {"fields", detail}});
}

}  // namespace opi::plugins
