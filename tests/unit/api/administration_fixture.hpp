#pragma once
#include "administration/alert_settings.hpp"
#include "administration/broker_credential_check.hpp"
#include "administration/credentials.hpp"
#include "administration/destination_removal.hpp"
#include "administration/destinations.hpp"
#include "administration/policies.hpp"
#include "administration/tenants.hpp"
#include "administration/test_events.hpp"
#include "api/adapter_routes.hpp"
#include "api/alert_routes.hpp"
#include "api/credential_routes.hpp"
#include "api/destination_routes.hpp"
#include "api/policy_routes.hpp"
#include "api/tenant_routes.hpp"
#include "egress/guarded_endpoint_check.hpp"
#include "plugins/plugin_adapter_directory.hpp"
#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"
#include "sqlite/sqlite_alert_store.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::test {

// Answers at once from a list; names that are not on it have no address.
class ListedResolver final : public egress::Resolver {
 public:
  void resolve(const std::string& host, const TenantId&, Callback done) override {
    egress::Resolution resolution;
    if (const auto found = hosts.find(host); found != hosts.end()) resolution.addresses = found->second;
    if (resolution.addresses.empty()) resolution.failure = "no such host";
    done(resolution);
  }
  std::map<std::string, std::vector<egress::IpAddress>> hosts;
};

// The webhook plugin as it ships, loaded once for all tests of the program.
class WebhookPlugin {
 public:
  static WebhookPlugin& instance() {
    static WebhookPlugin plugin;
    return plugin;
  }
  [[nodiscard]] const plugins::PluginHost& host() const { return *host_; }
  [[nodiscard]] telemetry::Logger& logger() { return lab_.logger(); }

 private:
  WebhookPlugin() {
    lab_.add(OPI_TEST_WEBHOOK);
    lab_.add_bytes("broken.so", "not a plugin");
    host_ = lab_.load();
  }
  plugins::testing::PluginLab lab_;
  std::unique_ptr<plugins::PluginHost> host_;
};

// The routes for what people administer, over a real store, plugin, guard and secret broker. Tenants "acme" (with
// destination 1) and "globex" (with destination 2).
class WithAdministration : public WithApi {
 protected:
  WithAdministration() {
    api::add_tenant_routes(routes, tenants, editor);
    api::add_adapter_routes(routes, directory);
    api::add_destination_routes(routes, destinations, removal, test_events, credential_check, editor, runtime());
    api::add_credential_routes(routes, credentials, credential_check, editor);
    api::add_policy_routes(routes, policies, editor);
    api::add_alert_routes(routes, alerts, engine().catalog, alert_settings, editor);
  }

  // Asks as `role` of "acme"; system_admin names that tenant.
  api::Response call(const std::string& method, const std::string& path, const std::string& body = {},
                     const std::string& if_match = {}, Role role = Role::tenant_admin,
                     std::map<std::string, std::string> parameters = {}, const std::string& tenant = "acme") {
    auto request = head(method, path, token(role, tenant));
    request.if_match = if_match;
    request.query = std::move(parameters);
    if (role == Role::system_admin) request.tenant_header = tenant;
    return ask(std::move(request), body);
  }
  api::Response read(const std::string& path, std::map<std::string, std::string> parameters = {}) {
    return call("GET", path, {}, {}, Role::auditor, std::move(parameters));
  }
  static std::string path_of(int n) { return "/api/v1/destinations/" + destination_id(n).to_string(); }
  static std::string etag(const api::Response& response) { return header(response, "ETag"); }

  static std::string document(const std::string& more = {}, const std::string& name = "SIEM") {
    return R"({"name":")" + name +
           R"(","adapter":"webhook","endpoint":"https://siem.example/hooks?key=topsecret","event_types":["alert.*"])" +
           more + "}";
  }
  // Creates one and returns its path.
  std::string given(const std::string& more = {}, const std::string& name = "SIEM") {
    clock.advance(std::chrono::milliseconds{1});
    const auto response = call("POST", "/api/v1/destinations", document(more, name));
    EXPECT_EQ(response.status, 201) << response.body;
    return header(response, "Location");
  }
  // The members of `part` that the list of rows has, comma-separated.
  static std::string column(const api::Response& response, const char* list, const char* member) {
    std::string all;
    const auto body = json(response);
    for (const auto& row : body.at(list).as_array()) all += (all.empty() ? "" : ",") + text(row.at(member));
    return all;
  }
  std::vector<audit::Record> audited(const std::string& tenant = "acme") {
    return audit_log.read(*TenantId::parse(tenant), 0, 1000);
  }
  audit::Entry last_audited(const std::string& tenant = "acme") {
    // Tokens are issued for each request and are records too.
    auto records = audited(tenant);
    while (!records.empty() && records.back().entry.action == audit::Action::token_issued) records.pop_back();
    EXPECT_FALSE(records.empty());
    return records.empty() ? audit::Entry{} : records.back().entry;
  }

  ListedResolver resolver;
  plugins::PluginAdapterDirectory directory{WebhookPlugin::instance().host()};
  egress::GuardedEndpointCheck endpoints{resolver, egress::AddressGuard{}, {}};
  administration::BrokerCredentialCheck credential_check{engine().secrets, {}};
  administration::CatalogEditor editor{catalog_store, engine().catalog, clock};
  administration::Tenants tenants{editor};
  administration::Destinations destinations{editor, directory, endpoints, clock, random};
  administration::DestinationRemoval removal{editor, waiting, clock};
  administration::Credentials credentials{editor, directory, credential_check, clock};
  administration::Policies policies{editor};
  sqlite::SqliteAlertStore alerts{database, clock};
  administration::AlertSettings alert_settings{editor};
  std::function<void()> meanwhile;  // happens when a test event is waited for
  administration::TestEvents test_events{
      editor, engine().intake, query, clock, random, [this](std::chrono::milliseconds pause) {
        clock.advance(pause);
        if (meanwhile) meanwhile();
      }};
};

}  // namespace opi::test
