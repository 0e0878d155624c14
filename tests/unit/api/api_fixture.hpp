#pragma once
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <map>
#include <string>

#include "api/dead_letter_routes.hpp"
#include "api/delivery_event_routes.hpp"
#include "api/delivery_routes.hpp"
#include "api/event_routes.hpp"
#include "api/health_routes.hpp"
#include "api/operation_routes.hpp"
#include "api/request_handler.hpp"
#include "api/portal_link_routes.hpp"
#include "api/session_routes.hpp"
#include "api/status_routes.hpp"
#include "api/token_routes.hpp"
#include "api/waiting_delivery_routes.hpp"
#include "sqlite/sqlite_dead_letter_store.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "sqlite/sqlite_health_query.hpp"
#include "sqlite/sqlite_operation_store.hpp"
#include "sqlite/sqlite_session_store.hpp"
#include "sqlite/sqlite_token_store.hpp"
#include "sqlite/sqlite_waiting_delivery_store.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::test {

// The API's routes over a real store and intake, without a socket.
class WithApi : public WithEngine {
 protected:
  WithApi() {
    put_tenant("globex");
    auto theirs = destination(2, "globex");
    put(theirs);
    engine();
    delivery::Intake& intake = engine().intake;
    api::add_event_routes(routes, intake, engine().catalog);
    api::add_delivery_routes(routes, query, engine().catalog, runtime());
    api::add_dead_letter_routes(routes, query, dead_letters, engine().catalog, runtime(), clock);
    api::add_waiting_delivery_routes(routes, query, waiting, engine().catalog, runtime(), clock);
    api::add_operation_routes(routes, {operation_store, waiting, dead_letters, clock, random});
    api::add_delivery_event_routes(routes, feed);
    api::add_health_routes(routes, health, engine().catalog, runtime(), clock);
    api::add_session_routes(routes, authenticator, true);
    api::add_token_routes(routes, token_store, authenticator, clock, random);
    api::add_portal_link_routes(routes, session_store, clock, random);
    api::add_status_routes(routes, engine().metrics, [this] { return not_ready; });
  }

  api::DestinationRuntime runtime() { return {engine().scheduler, fleet_store, "daemon-1", clock}; }

  std::string token(Role role, const std::string& tenant = "acme", std::optional<UnixTime> expires = std::nullopt) {
    const auto id = role == Role::system_admin ? TenantId{} : *TenantId::parse(tenant);
    const auto issued = identity::issue_token(role, id, "test", clock.unix_now(), expires, random);
    token_store.insert(issued.record,
                       catalog_entry("acme", audit::Action::token_issued, "token:" + issued.record.prefix));
    return issued.text;
  }

  // Asks as `role` of `tenant`; other parts of the head as set in `head`.
  api::Response ask(const api::RequestHead& head, const std::string& body = {}) { return ask(handler(), head, body); }
  api::Response ask(const api::RequestHandler& handling, const api::RequestHead& head, const std::string& body = {}) {
    auto admitted = handling.admit(head);
    if (auto* refusal = std::get_if<api::Response>(&admitted)) return std::move(*refusal);
    ++bodies_read;
    return handling.answer(std::move(std::get<api::Admission>(admitted)), body);
  }
  // With the routes as they are at this moment.
  api::RequestHandler handler() {
    const auto known = [this](const TenantId& tenant) { return catalog_store.load().tenants.contains(tenant); };
    return {routes, authenticator, known, logger, {}};
  }
  api::RequestHead head(const std::string& method, const std::string& path, const std::string& bearer) {
    api::RequestHead result;
    result.method = method;
    result.path = path;
    result.content_type = "application/json";
    result.authorization = "Bearer " + bearer;
    return result;
  }
  api::Response get(const std::string& path, std::map<std::string, std::string> parameters = {},
                    Role role = Role::operator_, const std::string& tenant = "acme") {
    auto request = head("GET", path, token(role, tenant));
    request.query = std::move(parameters);
    return ask(std::move(request));
  }
  api::Response post(const std::string& body, const std::string& content_type = "application/json") {
    auto request = head("POST", "/api/v1/events", token(Role::producer));
    request.content_type = content_type;
    return ask(std::move(request), body);
  }

  static std::string envelope(const std::string& id, const std::string& payload = R"({"a":1})",
                              const std::string& tenant = "acme") {
    return R"({"event_id":")" + id + R"(","event_type":"alert.created","schema_version":"1.0","tenant_id":")" + tenant +
           R"(","source":"edr","timestamp":"2026-11-23T15:04:05Z","correlation_id":"c-)" + id + R"(","payload":)" +
           payload + "}";
  }
  static boost::json::object json(const api::Response& response) {
    return boost::json::parse(response.body).as_object();
  }
  static std::string text(const boost::json::value& value) {
    return {value.as_string().data(), value.as_string().size()};
  }
  // "event_id result" of each row, comma-separated.
  static std::string results(const api::Response& response) {
    std::string all;
    const auto body = json(response);
    for (const auto& row : body.at("results").as_array())
      all += (all.empty() ? "" : ",") + text(row.at("event_id")) + " " + text(row.at("result"));
    return all;
  }
  // "field: message" of each error, one a line.
  static std::string errors(const api::Response& response) {
    std::string all;
    const auto body = json(response);
    if (const auto* list = body.if_contains("errors"))
      for (const auto& row : list->as_array())
        all += (all.empty() ? "" : "\n") + text(row.at("field")) + ": " + text(row.at("message"));
    return all;
  }
  // Checks the shape that every problem has and returns its code.
  static std::string problem(const api::Response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto body = json(response);
    EXPECT_EQ(body.at("status").as_int64(), response.status);
    EXPECT_FALSE(text(body.at("title")).empty());
    EXPECT_FALSE(text(body.at("detail")).empty());
    const std::string type = text(body.at("type"));
    EXPECT_TRUE(type.starts_with("urn:oneprotect:problem:")) << type;
    return type.substr(23);
  }
  static std::string header(const api::Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }

  sqlite::SqliteDeadLetterStore dead_letter_store{database, clock};
  delivery::DeadLetters dead_letters{dead_letter_store, [this] { engine().news.due_somewhere(); }};
  sqlite::SqliteWaitingDeliveryStore waiting_store{database, clock};
  delivery::WaitingDeliveries waiting{waiting_store, query, clock, random, [this] { engine().news.due_somewhere(); }};
  sqlite::SqliteOperationStore operation_store{database};
  sqlite::SqliteDeliveryFeed feed{database};
  sqlite::SqliteHealthQuery health{database};
  sqlite::SqliteTokenStore token_store{database};
  sqlite::SqliteSessionStore session_store{database};
  identity::TokenVerifier tokens{token_store, clock, {}};
  identity::JwtVerifier jwts{"", {}, clock};
  identity::Sessions sessions{session_store, tokens, clock, random, {}};
  identity::FailedSignIns failed_sign_ins{audit_log, clock, {.limit = {1, 1'000, 100}}};
  identity::Authenticator authenticator{tokens, jwts, sessions, failed_sign_ins, clock, {10'000, 10'000, 100}};
  RecordingLogger logger;
  api::RouteTable routes;
  std::string not_ready;
  int bodies_read = 0;
};

}  // namespace opi::test
