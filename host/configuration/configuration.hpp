#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/logger.hpp"

namespace opi::configuration {

enum class Environment { production, local, dev, test };
std::string_view to_string(Environment environment);

enum class StoreEngine { sqlite, postgres };

enum class PluginIsolation { automatic, process, in_process };
enum class PlainHttp { listed, any };

// One line of a section [secret_provider.<id>]: a text to which the provider's own schema gives its meaning.
struct ProviderSetting {
  std::string text;
  std::string source;  // "/etc/integrationsd.conf: line 7", "command line"
};

// Everything an operator can set. The defaults, units and limits are those of keys(), where each is described.
struct Configuration {
  Environment environment = Environment::production;
  std::string state_directory;
  std::chrono::milliseconds drain_timeout{};

  StoreEngine store_engine = StoreEngine::sqlite;
  std::string sqlite_path;          // empty: <state_directory>/integrations.sqlite
  std::string postgres_connection;  // may contain a password: never logged
  std::string postgres_connection_file;

  std::string api_address;
  std::uint16_t api_port = 0;
  int api_threads = 0;
  int api_requests_per_second = 0, api_request_burst = 0;  // of one token or user
  int api_max_connections = 0, api_max_connections_per_address = 0;
  int api_max_buffered_mib = 0, api_max_buffered_mib_per_address = 0;
  std::chrono::milliseconds api_head_timeout{}, api_body_timeout{};

  std::string status_address;
  std::uint16_t status_port = 0;

  std::string console_directory;
  std::vector<std::string> console_frame_ancestors;  // origins

  std::string jwt_keys, jwt_issuer, jwt_audience, jwt_tenant_claim, jwt_role_claim;
  std::chrono::milliseconds session_lifetime{};

  std::string log_file;
  telemetry::Level log_level = telemetry::Level::info;

  std::string plugin_directory;
  std::vector<std::string> plugin_pins;     // SHA-256 in hex; empty: any plugin that passes the other stages
  std::vector<std::string> plugin_release;  // plugin ids
  PluginIsolation plugin_isolation = PluginIsolation::automatic;
  std::vector<std::string> plugins_in_process;  // SHA-256 in hex
  bool plugin_process_per_tenant = false;
  std::string probe_program, plugin_host_program;
  // By provider id, then by name. What providers there are, and what may be set of them, is theirs to say.
  std::map<std::string, std::map<std::string, ProviderSetting>> secret_providers;

  int egress_threads = 0;
  std::vector<std::string> egress_allow;
  PlainHttp egress_plain_http = PlainHttp::listed;
  std::string egress_ca_file;
  std::string egress_proxy, egress_proxy_credentials_file;
  std::string egress_proxy_credentials;  // what that file holds: never logged
  std::vector<std::string> egress_proxy_exceptions;
  std::chrono::milliseconds egress_connect_timeout{}, egress_idle_timeout{};
  int egress_max_connections_per_origin = 0;

  int max_in_flight = 0, claim_batch = 0;
  std::chrono::milliseconds claim_interval{}, discovery_interval{}, lease_grace{}, rescue_interval{};
  int breaker_failure_threshold = 0;
  std::chrono::milliseconds breaker_cooldown{}, breaker_max_cooldown{};
  int intake_waiting_events = 0;
  int retention_delivered_days = 0, retention_failed_days = 0, retention_delivery_events_days = 0,
      retention_rollup_days = 0;

  std::vector<std::string> payload_readable_tenants;  // or "*" among them

  std::string audit_signing_key;  // empty: <state_directory>/audit-signing-key.pem
  std::vector<std::string> audit_trusted_keys;
  std::int64_t audit_checkpoint_records = 0;
  std::chrono::milliseconds audit_checkpoint_interval{};

  [[nodiscard]] std::string sqlite_file() const;
  [[nodiscard]] std::string audit_key_file() const;
  // Whether people may read what events of this tenant say.
  [[nodiscard]] bool opens_payloads_of(std::string_view tenant) const {
    return std::ranges::any_of(payload_readable_tenants,
                               [&](const auto& named) { return named == "*" || named == tenant; });
  }
  // Other daemons may write into the same trail.
  [[nodiscard]] bool shares_audit_trail() const { return store_engine == StoreEngine::postgres; }
  // Signing may be left out and the local secret provider used.
  [[nodiscard]] bool relaxed() const { return environment != Environment::production; }
};

// One documented setting: "<section>.<name>" in the file and on the command line, OPI_<SECTION>_<NAME> in the
// environment.
struct Key {
  std::string_view name;
  std::string_view default_value;
  std::string_view unit;  // or the choices, or the kind of value
  std::string_view description;
  bool reloadable = false;  // SIGHUP applies a change
  // Empty if `value` was taken, else what is wrong with it.
  std::string (*apply)(Configuration&, const std::string& value);
};
const std::vector<Key>& keys();

struct Loaded {
  Configuration configuration;
  std::vector<std::string> errors;  // every one names its source and key; the configuration is unusable if any
};

// Reads a file (none if `file` is empty), over it the environment, over it `overrides` ("section.name=value", from
// the command line). Every error is reported, not only the first.
Loaded load(const std::string& file, const std::map<std::string, std::string>& environment,
            const std::vector<std::string>& overrides);

// The process's own environment. Not to be called while another thread changes it.
std::map<std::string, std::string> environment_variables();

}  // namespace opi::configuration
