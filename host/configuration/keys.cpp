#include "configuration/values.hpp"

namespace opi::configuration {

const std::vector<Key>& keys() {
  using namespace values;
  static const std::vector<Key> table{
      {"general.environment", "production", "production | local | dev | test",
       "Where the daemon runs. Outside production, signing may be switched off and local:// secrets may be used.",
       false, environment},
      {"general.state_directory", "/var/lib/integrationsd", "absolute path",
       "Private to the daemon: the embedded database, copies of loaded plugins, crash records.", false,
       required_path<&C::state_directory>},
      {"general.drain_timeout_ms", "25000", "ms, 0 to 600000",
       "On SIGTERM, how long deliveries under way may take to finish before they are given back.", false,
       milliseconds<&C::drain_timeout, 0, 600'000>},

      {"store.engine", "sqlite", "sqlite | postgres",
       "sqlite: embedded, one daemon. postgres: PostgreSQL 15 or newer, one or more daemons.", false, engine},
      {"store.sqlite_path", "", "absolute path", "Database file. Empty: integrations.sqlite in the state directory.",
       false, absolute_path<&C::sqlite_path>},
      {"store.postgres_connection", "", "libpq connection string or URI",
       "Put passwords into the file below, or into a PGPASSFILE, rather than here.", false,
       any_text<&C::postgres_connection>},
      {"store.postgres_connection_file", "", "absolute path",
       "File whose content is the connection string; it wins over the string.", false,
       absolute_path<&C::postgres_connection_file>},

      {"api.address", "127.0.0.1", "IP address",
       "Address the API listens on. Put a TLS-terminating proxy in front of others than loopback.", false,
       ip_address<&C::api_address>},
      {"api.port", "8080", "TCP port, 0 to 65535", "0 takes any free port, which the log tells.", false,
       integer<&C::api_port, 0, 65535>},
      {"api.threads", "64", "1 to 1024", "Requests served at the same time.", false, integer<&C::api_threads, 1, 1024>},
      {"api.requests_per_second", "200", "1 to 1000000", "Of one token or user; beyond, 429. A batch is one request.",
       false, integer<&C::api_requests_per_second, 1, 1'000'000>},
      {"api.request_burst", "400", "1 to 1000000", "Requests of one token or user that may come at once.", false,
       integer<&C::api_request_burst, 1, 1'000'000>},

      {"api.max_connections", "1024", "1 to 65536",
       "Open connections; beyond, 503, or the place of one that idles, of an address with at least two more.", false,
       integer<&C::api_max_connections, 1, 65'536>},
      {"api.max_connections_per_address", "256", "1 to 65536",
       "Open connections of one remote address (of an IPv6 /64). Behind a proxy all have the proxy's.", false,
       integer<&C::api_max_connections_per_address, 1, 65'536>},
      {"api.max_buffered_mib", "256", "MiB, 16 to 65536",
       "Bodies above 16 KiB and answers that wait in memory for their clients: beyond, bodies get 503, and the answer "
       "that has "
       "been waiting longest is given up.",
       false, integer<&C::api_max_buffered_mib, 16, 65'536>},
      {"api.max_buffered_mib_per_address", "128", "MiB, 16 to 65536",
       "The same of one remote address (of an IPv6 /64). Behind a proxy all have the proxy's.", false,
       integer<&C::api_max_buffered_mib_per_address, 16, 65'536>},
      {"api.head_timeout_ms", "10000", "ms, 100 to 600000", "For the head of a request to arrive; beyond, 408.", false,
       milliseconds<&C::api_head_timeout, 100, 600'000>},
      {"api.body_timeout_ms", "30000", "ms, 100 to 600000",
       "For the whole body of a request to arrive (beyond, 408), and for a client to take the whole answer. Either "
       "goes on at "
       "1 KiB a second at least, measured every 5 seconds.",
       false, milliseconds<&C::api_body_timeout, 100, 600'000>},

      {"console.directory", "", "absolute path",
       "Folder of the console page. Empty: ../share/oneprotect-integrations/console from the daemon's own.", false,
       absolute_path<&C::console_directory>},
      {"console.frame_ancestors", "", "origins, at most 16",
       "Whose pages may show the console inside their own, such as https://app.example.com; see portal links. Empty: "
       "none.",
       false, frame_ancestors},

      {"status.address", "127.0.0.1", "IP address",
       "Address of /healthz, /readyz and /metrics, which ask for no token: keep it from the public.", false,
       ip_address<&C::status_address>},
      {"status.port", "8081", "TCP port, 0 to 65535", "0 takes any free port, which the log tells.", false,
       integer<&C::status_port, 0, 65535>},

      {"identity.jwt_keys", "", "absolute path",
       "Public keys of the identity provider whose JWTs (RS256, ES256) are accepted: a JWKS file, a .pem file, or a "
       "folder "
       "of .pem files named by key id. Empty: none. SIGHUP reads it anew.",
       false, absolute_path<&C::jwt_keys>},
      {"identity.jwt_issuer", "", "text", "The issuer (iss) that a JWT must name.", false, any_text<&C::jwt_issuer>},
      {"identity.jwt_audience", "", "text", "The audience (aud) that a JWT must name.", false,
       any_text<&C::jwt_audience>},
      {"identity.jwt_tenant_claim", "tenant", "claim name", "The claim that names the tenant.", false,
       required_text<&C::jwt_tenant_claim>},
      {"identity.jwt_role_claim", "role", "claim name", "The claim that names the role.", false,
       required_text<&C::jwt_role_claim>},
      {"identity.session_lifetime_ms", "28800000", "ms, 60000 to 604800000",
       "How long a browser stays signed in; not longer than the token it signed in with.", false,
       milliseconds<&C::session_lifetime, 60'000, 604'800'000>},

      {"payloads.readable_tenants", "", "tenant ids, or *",
       "Tenants of which operators and administrators may read what events say, over the API and integrationsctl. Each "
       "reading is an audit record. Empty: of none.",
       false, readable_tenants},

      {"audit.signing_key_file", "", "absolute path",
       "Ed25519 key (PEM, mode 0600) that signs the audit trail's checkpoints and exports. All daemons of one database "
       "have the same, which must be there. Empty: audit-signing-key.pem in the state directory, made if it is "
       "missing; on "
       "PostgreSQL no checkpoints are written then.",
       false, absolute_path<&C::audit_signing_key>},
      {"audit.trusted_keys", "", "public keys, 64 hex digits each",
       "Keys besides the signing key's own whose checkpoints count: those that signed before it was changed.", false,
       trusted_keys},
      {"audit.checkpoint_records", "1000", "1 to 1000000",
       "A signed checkpoint is written into a tenant's audit trail when so many records have none yet, or", false,
       integer<&C::audit_checkpoint_records, 1, 1'000'000>},
      {"audit.checkpoint_interval_ms", "900000", "ms, 1000 to 86400000",
       "when a record has been without one for so long.", false,
       milliseconds<&C::audit_checkpoint_interval, 1'000, 86'400'000>},

      {"log.file", "-", "absolute path, or -", "JSON lines. - is standard error. SIGHUP opens the file anew.", false,
       log_file},
      {"log.level", "info", "debug | info | warning | error", "Least level that is written.", true, level},

      {"plugins.directory", "/usr/lib/integrationsd/plugins", "absolute path",
       "Folder whose plugins are loaded at start.", false, required_path<&C::plugin_directory>},
      {"plugins.pins", "", "SHA-256 values", "If set, only plugins with these digests are loaded.", false,
       digests<&C::plugin_pins>},
      {"plugins.release", "", "plugin ids", "Quarantined plugins that are to be loaded again.", false,
       list<&C::plugin_release>},
      {"plugins.isolation", "auto", "auto | process | in_process",
       "Where plugins run. process: adapters in a process of their own that has no network, no files and no secrets, "
       "and "
       "is killed when a call takes longer than a second; secret providers in processes that reach what their manifest "
       "declares, and nothing else. auto: that, but in the daemon for plugins that came with it, by their SHA-256.",
       false, isolation},
      {"plugins.in_process", "", "SHA-256 values",
       "Plugins that run in the daemon whatever plugins.isolation says: their code can do what the daemon can.", false,
       digests<&C::plugins_in_process>},
      {"plugins.process_per_tenant", "false", "true | false",
       "Whether a plugin in a process of its own has one for each tenant, so that it cannot keep one tenant's data for "
       "another's delivery. Costs some megabytes and a thread a plugin and tenant.",
       false, boolean<&C::plugin_process_per_tenant>},
      {"plugins.host_program", "", "absolute path",
       "opi-plugin-host. Empty: beside the daemon, or in ../libexec/oneprotect-integrations.", false,
       absolute_path<&C::plugin_host_program>},
      {"plugins.probe_program", "", "absolute path",
       "opi-plugin-probe. Empty: beside the daemon, or in ../libexec/oneprotect-integrations.", false,
       absolute_path<&C::probe_program>},

      {"egress.threads", "1", "1 to 16", "Event loops that carry outbound requests.", false,
       integer<&C::egress_threads, 1, 16>},
      {"egress.allow", "", "CIDR blocks",
       "Addresses that destinations may have although they are private or special, and that plain HTTP may go to, such "
       "as 10.1.0.0/16.",
       false, list<&C::egress_allow>},
      {"egress.plain_http", "listed", "listed | any",
       "Where requests may go without TLS: to the addresses of egress.allow alone, or anywhere.", false, plain_http},
      {"egress.ca_file", "", "absolute path", "PEM file of certificate authorities to trust beside the system's.",
       false, absolute_path<&C::egress_ca_file>},
      {"egress.proxy", "", "http://host:port",
       "HTTP proxy that receivers are reached by, with CONNECT to the address that was judged. Empty: directly.", false,
       any_text<&C::egress_proxy>},
      {"egress.proxy_credentials_file", "", "absolute path",
       "File with user:password for the proxy, sent as Basic. Empty: none are.", false,
       absolute_path<&C::egress_proxy_credentials_file>},
      {"egress.proxy_exceptions", "", "host names, .suffixes and CIDR blocks",
       "Receivers that are reached directly all the same.", false, list<&C::egress_proxy_exceptions>},
      {"egress.connect_timeout_ms", "5000", "ms, 100 to 60000", "For resolving, connecting and TLS.", false,
       milliseconds<&C::egress_connect_timeout, 100, 60'000>},
      {"egress.idle_timeout_ms", "30000", "ms, 1000 to 600000", "How long an idle connection is kept.", false,
       milliseconds<&C::egress_idle_timeout, 1'000, 600'000>},
      {"egress.max_connections_per_origin", "256", "1 to 8192", "Connections to one scheme, host and port.", false,
       integer<&C::egress_max_connections_per_origin, 1, 8192>},

      {"dispatch.max_in_flight", "2000", "1 to 20000", "Deliveries claimed and not yet settled.", false,
       integer<&C::max_in_flight, 1, 20'000>},
      {"dispatch.claim_batch", "500", "1 to 500", "Deliveries per claim.", false, integer<&C::claim_batch, 1, 500>},
      {"dispatch.claim_interval_ms", "3", "ms, 1 to 1000", "Least time between claims that did not fill their batch.",
       false, milliseconds<&C::claim_interval, 1, 1'000>},
      {"dispatch.discovery_interval_ms", "1000", "ms, 50 to 60000",
       "The store is asked for due work this often, whatever else wakes the dispatcher.", false,
       milliseconds<&C::discovery_interval, 50, 60'000>},
      {"dispatch.lease_grace_ms", "15000", "ms, 2000 to 600000",
       "A lease lasts as long as the longest timeout of its claim and this. A killed daemon's deliveries wait that "
       "long.",
       false, milliseconds<&C::lease_grace, 2'000, 600'000>},
      {"dispatch.rescue_interval_ms", "5000", "ms, 100 to 600000", "How often expired leases are looked for.", false,
       milliseconds<&C::rescue_interval, 100, 600'000>},

      {"breaker.failure_threshold", "20", "0 to 10000",
       "Failures of a receiver in a row that open its breaker. 0: no breaker.", false,
       integer<&C::breaker_failure_threshold, 0, 10'000>},
      {"breaker.cooldown_ms", "5000", "ms, 10 to 3600000",
       "First pause of an open breaker; each further one is twice as long.", false,
       milliseconds<&C::breaker_cooldown, 10, 3'600'000>},
      {"breaker.max_cooldown_ms", "300000", "ms, 10 to 3600000", "Longest pause of an open breaker.", false,
       milliseconds<&C::breaker_max_cooldown, 10, 3'600'000>},

      {"intake.waiting_events", "20000", "1000 to 1000000",
       "Events that may wait for their commit; beyond, producers get 503.", false,
       integer<&C::intake_waiting_events, 1'000, 1'000'000>},

      {"retention.delivered_days", "30", "days, 1 to 3650",
       "Delivered deliveries are removed after this, with their attempts, and events when no delivery of theirs is "
       "left. "
       "Tenants may have ages of their own. Dead letters and audit records are never removed.",
       false, integer<&C::retention_delivered_days, 1, 3650>},
      {"retention.failed_days", "90", "days, 1 to 3650", "The same for failed deliveries.", false,
       integer<&C::retention_failed_days, 1, 3650>},
      {"retention.delivery_events_days", "30", "days, 1 to 3650", "Entries of the delivery-events feed.", false,
       integer<&C::retention_delivery_events_days, 1, 3650>},
      {"retention.rollup_days", "400", "days, 1 to 3650", "The sums behind delivery-health.", false,
       integer<&C::retention_rollup_days, 1, 3650>},
  };
  return table;
}

std::string_view to_string(Environment environment) {
  switch (environment) {
    case Environment::production: return "production";
    case Environment::local: return "local";
    case Environment::dev: return "dev";
    case Environment::test: return "test";
  }
  return "";
}

}  // namespace opi::configuration
