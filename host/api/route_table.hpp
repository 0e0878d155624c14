#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.hpp"
#include "domain/role.hpp"

namespace opi::api {

using Handler = std::function<Response(const Request&)>;

struct Route {
  std::string method;
  // "/api/v1/deliveries/{id}": a {…} segment matches any one segment without ':'; "/api/v1/destinations/{id}:enable"
  // and "/api/v1/dead-letters:replay" name a verb. "/console/{*}" matches whatever is below /console/.
  std::string pattern;
  std::optional<Action> action;  // what the caller must be allowed to do; nullopt: nothing, see access
  Handler handler;
  bool of_installation = false;  // about no tenant: a system administrator names none
  enum class Access { open, authenticated } access = Access::open;  // without an action: who may come
  // The longest body that is read; 0: the server's limit, or what is collected with a head where anyone may come.
  std::size_t body_bytes = 0;
};

// All routes of the server. Immutable once served.
class RouteTable {
 public:
  struct Match {
    const Route* route = nullptr;  // null: no route of this path and method
    std::vector<std::string> parameters;
    std::string allowed_methods;  // if the path exists with other methods: their names, for Allow
  };

  void add(Route route);
  // `path` as sent, percent-encoded: its segments are decoded one by one, so that "%2F" never parts them. HEAD is
  // answered by the route of GET; the server leaves the body out.
  [[nodiscard]] Match match(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> patterns_;  // their segments
};

}  // namespace opi::api
