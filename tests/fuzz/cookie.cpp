#include "fuzz/api_world.hpp"
#include "fuzz/text.hpp"

namespace {

void replace_all(std::string& text, std::string_view name, const std::string& value) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
    text.replace(at, name.size(), value);
}

}  // namespace

// Lines: method, Cookie, X-CSRF-Token, Authorization. "$S", "$C" and "$T" stand for a session's secret, its CSRF token
// and an API token.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  static fuzz::ApiWorld world;
  std::string fields[4];
  auto input = fuzz::text(data, size);
  for (auto& field : fields) {
    const auto end = std::min(input.find('\n'), input.size());
    field = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    replace_all(field, "$S", world.session);
    replace_all(field, "$C", world.csrf);
    replace_all(field, "$T", world.token);
  }
  const auto& [method, cookie, csrf, authorization] = fields;
  const auto answer = world.authenticator.authenticate({method, authorization, cookie, csrf, "192.0.2.1"});
  if (const auto* refusal = std::get_if<identity::Refusal>(&answer)) {
    fuzz::require(!refusal->detail.empty(), "a refusal says why");
    return 0;
  }
  const auto& caller = std::get<identity::Caller>(answer);
  fuzz::require(caller.identity.role == Role::tenant_admin && caller.identity.tenant.str() == "acme",
                "it is who it is");
  if (!caller.session) {
    fuzz::require(authorization.find(world.token) != std::string::npos, "a bearer has the token");
    return 0;
  }
  fuzz::require(cookie.find("opi_session=" + world.session) != std::string::npos, "a browser has the session's secret");
  fuzz::require(authorization.empty(), "who shows a bearer is not asked for a cookie");
  fuzz::require(method == "GET" || method == "HEAD" || csrf == world.csrf, "what changes something has the CSRF token");
  return 0;
}
