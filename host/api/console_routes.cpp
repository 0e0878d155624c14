#include "api/console_routes.hpp"

#include "api/problem.hpp"

namespace opi::api {
namespace {

constexpr std::string_view page = "integrations";
constexpr const char* page_address = "/console/integrations";

// Nothing but files of this origin; no inline script or style, no form that a browser sends.
const std::string content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ";
constexpr const char* permissions_policy =
    "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), clipboard-read=(), clipboard-write=(self)";

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers security_headers(bool behind_tls, const std::vector<std::string>& frame_ancestors) {
  std::string ancestors;
  for (const auto& origin : frame_ancestors) ancestors += (ancestors.empty() ? "" : " ") + origin;
  Headers headers{{"Content-Security-Policy", content_security_policy + (ancestors.empty() ? "'none'" : ancestors)},
                  {"Permissions-Policy", permissions_policy},
                  {"Referrer-Policy", "no-referrer"},
                  {"Cross-Origin-Opener-Policy", "same-origin"},
                  {"Cross-Origin-Embedder-Policy", "require-corp"},
                  // A page that isolates itself shows in its frames only what says that it may be shown.
                  {"Cross-Origin-Resource-Policy", ancestors.empty() ? "same-origin" : "cross-origin"}};
  // It knows no list; browsers that read the policy above do not read it.
  if (ancestors.empty()) headers.emplace_back("X-Frame-Options", "DENY");
  if (behind_tls) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  return headers;
}

// Whether an Accept-Encoding names gzip without forbidding it (q=0).
bool takes_gzip(std::string_view accepted) {
  while (!accepted.empty()) {
    const auto end = std::min(accepted.find(','), accepted.size());
    auto coding = accepted.substr(0, end);
    accepted.remove_prefix(std::min(end + 1, accepted.size()));
    while (coding.starts_with(' ')) coding.remove_prefix(1);
    if (!coding.starts_with("gzip")) continue;
    coding.remove_prefix(4);
    while (coding.starts_with(' ') || coding.starts_with(';')) coding.remove_prefix(1);
    return coding.empty() || (coding.starts_with("q=") && coding.find_first_of("123456789") != std::string_view::npos);
  }
  return false;
}

// Whether an If-None-Match names the tag, weakly compared.
bool names(std::string_view tags, const std::string& etag) {
  return tags == "*" || tags.find(etag) != std::string_view::npos;
}

struct Parts {
  const ConsoleAssets& assets;
  Headers headers;
};

Response answer(const Request& request, const ConsoleAssets::Asset& asset, const Parts& parts) {
  Response response{200, asset.content_type, "", parts.headers};
  response.headers.emplace_back("Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("ETag", asset.etag);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (names(request.if_none_match, asset.etag)) {
    response.status = 304;
  } else if (!asset.gzip.empty() && takes_gzip(request.accept_encoding)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = asset.gzip;
  } else {
    response.body = asset.body;
  }
  return response;
}

Response show(const Request& request, const Parts& parts) {
  if (parts.assets.empty()) {
    Problem problem = not_found();
    problem.detail = "The console page is not installed: there is nothing in console.directory";
    throw ProblemError(std::move(problem));
  }
  const std::string_view path = request.parameters.at(0);
  const bool is_view = path == page || (path.starts_with(page) && path[page.size()] == '/');
  const auto* asset = parts.assets.find(is_view ? "index.html" : path);
  if (asset == nullptr) throw ProblemError(not_found());
  return answer(request, *asset, parts);
}

Response lead_to_page(const Parts& parts) {
  Response response{302, "text/plain; charset=utf-8", "", parts.headers};
  response.headers.emplace_back("Location", page_address);
  return response;
}

}  // namespace

void add_console_routes(RouteTable& routes, const ConsoleAssets& assets, bool behind_tls,
                        const std::vector<std::string>& frame_ancestors) {
  const Parts parts{assets, security_headers(behind_tls, frame_ancestors)};
  for (const char* entrance : {"/", "/console", "/console/"})
    routes.add({"GET", entrance, std::nullopt, [parts](const Request&) { return lead_to_page(parts); }});
  routes.add({"GET", "/console/{*}", std::nullopt, [parts](const Request& request) { return show(request, parts); }});
}

}  // namespace opi::api
