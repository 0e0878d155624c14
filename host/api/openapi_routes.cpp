#include "api/openapi_routes.hpp"

#include "api/administration_answers.hpp"
#include "crypto/digest.hpp"

namespace opi::api {
namespace {

constexpr std::size_t tag_characters = 16;

Response show(const Request& request, const std::string& tag) {
  refuse_parameters(request);
  const bool known = request.if_none_match == "*" || request.if_none_match.find(tag) != std::string::npos;
  Response response{known ? 304 : 200, "application/json", known ? "" : std::string(openapi_document()), {}};
  response.headers.emplace_back("ETag", tag);
  // Kept, but asked for again each time: another build may have answered before.
  response.headers.emplace_back("Cache-Control", "public, no-cache");
  return response;
}

}  // namespace

void add_openapi_routes(RouteTable& routes) {
  const auto digest = crypto::to_hex(crypto::sha256(openapi_document()));
  routes.add(
      {"GET", "/api/v1/openapi.json", std::nullopt,
       [tag = "\"" + digest.substr(0, tag_characters) + "\""](const Request& request) { return show(request, tag); }});
}

}  // namespace opi::api
