#pragma once
#include <opi/abi.h>

#include <initializer_list>
#include <string_view>
#include <utility>

#include "opi/cpp/views.hpp"

namespace opi::sdk {

// The host's services. Lives as long as the plugin; thread-safe.
class Host {
 public:
  explicit Host(const opi_host* host)
      : host_(host), log_(static_cast<const opi_log_v1*>(host->service(host, OPI_SVC_LOG))) {}

  // local, dev, test or production
  [[nodiscard]] std::string_view environment() const { return view(host_->environment); }

  // One log line with the plugin's name; neither payloads nor secrets belong here.
  void log(opi_log_level level, std::string_view message,
           std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {}) const {
    constexpr std::size_t max_fields = 16;
    if (log_ == nullptr || static_cast<std::uint32_t>(level) < log_->threshold(host_)) return;
    opi_kv raw_fields[max_fields];
    std::size_t n = 0;
    for (const auto& [name, value] : fields) {
      if (n == max_fields) break;
      raw_fields[n++] = {raw(name), raw(value)};
    }
    log_->write(host_, level, raw(message), raw_fields, n);
  }

 private:
  const opi_host* host_;
  const opi_log_v1* log_;
};

// What an instance is made from; views are borrowed for the constructor, `host` stays.
struct InstanceArgs {
  std::string_view component, instance_id, tenant, config_json;
  std::uint64_t config_revision;
  Host host;
#if OPI_TARGET_MINOR >= 1
  std::string_view endpoint_url = {};  // adapters
  bool unsigned_allowed = false;       // adapters
#endif
};

}  // namespace opi::sdk
