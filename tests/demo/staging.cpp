#include "staging.hpp"

#include <sys/random.h>

#include <array>
#include <stdexcept>

#include "crypto/digest.hpp"
#include "integrationsctl.hpp"

namespace opi::demo {
namespace {

constexpr std::size_t secret_bytes = 32;

// Standard Webhooks' form: "whsec_" and base64.
std::string random_secret() {
  std::array<std::uint8_t, secret_bytes> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the kernel gives no random bytes");
  return "whsec_" + crypto::to_base64(bytes);
}

std::filesystem::path header_file(const std::string& tenant, const std::string& role) {
  return std::filesystem::path("tokens") / (tenant + "." + role);
}

}  // namespace

std::vector<std::string> make_secrets(const StateDirectory& state, const Scenario& scenario) {
  static constexpr std::string_view scheme = "local://";
  std::vector<std::string> secrets;
  for (const auto& reference : scenario.secret_references) {
    if (!reference.starts_with(scheme)) throw std::runtime_error(reference + " is not a local:// reference");
    secrets.push_back(random_secret());
    state.write(std::filesystem::path("secrets") / reference.substr(scheme.size()), secrets.back() + "\n");
  }
  return secrets;
}

std::map<std::string, DaemonApi::Tokens> issue_tokens(const std::filesystem::path& programs,
                                                      const StateDirectory& state, const Scenario& scenario) {
  const auto issue = [&](const std::string& tenant, const std::string& role) {
    auto token = run_integrationsctl(programs, state,
                                     {"token", "issue", "--role", role, "--tenant", tenant, "--label", "opi-demo"});
    state.write(header_file(tenant, role), "Authorization: Bearer " + token + "\n");
    return token;
  };
  std::map<std::string, DaemonApi::Tokens> tokens;
  for (const auto& tenant : scenario.tenants) tokens[tenant] = {issue(tenant, "producer"), issue(tenant, "auditor")};
  return tokens;
}

std::filesystem::path auditor_header_file(const StateDirectory& state, const std::string& tenant) {
  return state.path() / header_file(tenant, "auditor");
}

}  // namespace opi::demo
