#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <map>

#include "api/openapi_routes.hpp"
#include "configuration/configuration.hpp"
#include "daemon/daemon.hpp"
#include "support/temporary_folder.hpp"

namespace opi::daemon {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return {value.as_string().data(), value.as_string().size()}; }

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// Who may come, in the words of both: the action, or else "open" or "authenticated"; and the roles that may.
struct Permission {
  std::string action;
  std::vector<std::string> roles;
  bool operator==(const Permission&) const = default;
  friend void PrintTo(const Permission& permission, std::ostream* out) {
    *out << permission.action << " by " << testing::PrintToString(permission.roles);
  }
};
using Permissions = std::map<std::string, Permission>;  // by "<METHOD> <path>"

Permissions served() {
  const test::TemporaryFolder folder;
  auto loaded = configuration::load("", {},
                                    {"general.environment=test", "general.state_directory=" + folder.path().string(),
                                     "plugins.directory=" + folder.path().string(), "api.port=0", "status.port=0"});
  EXPECT_TRUE(loaded.errors.empty()) << testing::PrintToString(loaded.errors);
  telemetry::JsonLogger logger((folder.path() / "log").string(), telemetry::Level::error);
  Daemon daemon(loaded.configuration, logger);
  const auto table = daemon.make_routes();
  Permissions permissions;
  for (const auto& route : table.routes()) {
    if (!route.pattern.starts_with("/api/") && !route.pattern.starts_with("/.well-known/")) continue;  // the console
    auto& permission = permissions[route.method + " " + route.pattern];
    permission.action = route.action                                        ? std::string(to_string(*route.action))
                        : route.access == api::Route::Access::authenticated ? "authenticated"
                                                                            : "open";
    for (const auto role : all_roles)
      if (!route.action || may(role, *route.action)) permission.roles.emplace_back(to_string(role));
  }
  return permissions;
}

// Without a bearer or a session: an empty list, or an empty alternative in it.
bool is_open(const json::object& document, const json::object& operation) {
  const auto* own = operation.if_contains("security");
  const auto& alternatives = (own == nullptr ? document.at("security") : *own).as_array();
  for (const auto& alternative : alternatives)
    if (alternative.as_object().empty()) return true;
  return alternatives.empty();
}

Permissions documented() {
  const auto document = json::parse(api::openapi_document()).as_object();
  Permissions permissions;
  for (const auto& path : document.at("paths").as_object())
    for (const auto& method : path.value().as_object()) {
      const auto& operation = method.value().as_object();
      const auto* own = operation.if_contains("servers");
      auto base = text((own == nullptr ? document.at("servers") : *own).at(0).at("url"));
      if (base == "/") base.clear();
      auto& permission = permissions[upper(method.key()) + " " + base + std::string(path.key())];
      if (const auto* action = operation.if_contains("x-action"))
        permission.action = text(*action) + (is_open(document, operation) ? " without a bearer" : "");
      else
        permission.action = is_open(document, operation) ? "open" : "authenticated";
      for (const auto& role : operation.at("x-roles").as_array()) permission.roles.push_back(text(role));
    }
  return permissions;
}

TEST(OpenApi, DescribesExactlyTheRoutesOfTheDaemonAndWhoMayUseThem) {
  const auto routes = served(), document = documented();
  for (const auto& [route, permission] : routes) {
    const auto found = document.find(route);
    ASSERT_NE(found, document.end()) << route << " is served but not documented";
    EXPECT_EQ(found->second, permission) << route;
  }
  for (const auto& [operation, permission] : document)
    EXPECT_TRUE(routes.contains(operation)) << operation << " is documented but not served";
}

TEST(OpenApi, NamesEveryOperationOnce) {
  std::map<std::string, int> names;
  const auto document = json::parse(api::openapi_document()).as_object();
  for (const auto& path : document.at("paths").as_object())
    for (const auto& method : path.value().as_object()) ++names[text(method.value().at("operationId"))];
  for (const auto& [name, times] : names) {
    EXPECT_EQ(times, 1) << name;
    EXPECT_THAT(name, testing::MatchesRegex("[a-z][A-Za-z]*"));
  }
}

}  // namespace
}  // namespace opi::daemon
