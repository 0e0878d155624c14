#include "identity/jwt.hpp"

#include "fuzz/text.hpp"
#include "identity/jwt_keys.hpp"
#include "unit/identity/jwt_maker.hpp"

// The first byte decides: the rest is a token of a stranger, or a header and claims in two lines that the identity
// provider signed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  if (size == 0) return 0;
  static const test::JwtMaker maker{test::JwtMaker::Kind::p256};
  static const auto keys =
      identity::keys_of_jwks(R"({"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":")" + maker.number("qx", 32) +
                             R"(","y":")" + maker.number("qy", 32) + "\"}]}");
  static const identity::JwtRules rules{"https://issuer.example", "integrations", "tenant", "role"};
  const UnixTime now{std::chrono::milliseconds{1'790'000'000'000}};
  const auto input = fuzz::text(data + 1, size - 1);
  const bool is_signed = data[0] % 2 == 1;
  const auto line = std::min(input.find('\n'), input.size());
  const std::string token = is_signed ? maker.token(std::string(input.substr(0, line)),
                                                    std::string(input.substr(std::min(line + 1, input.size()))))
                                      : std::string(input);
  const auto judged = identity::judge_jwt(token, keys, rules, now);
  const auto* caller = std::get_if<identity::Caller>(&judged);
  if (caller == nullptr) {
    fuzz::require(!std::get<identity::JwtRefusal>(judged).why.empty(), "a refusal says why");
    return 0;
  }
  fuzz::require(is_signed, "nothing passes that the identity provider did not sign");
  fuzz::require(token.size() <= identity::JwtLimits::token_bytes, "a token is within its limit");
  fuzz::require(caller->expires_at > now, "nothing passes after its time");
  const auto& identity = caller->identity;
  fuzz::require(!identity.actor_id.empty() && identity.actor_id.size() <= identity::JwtLimits::subject_bytes,
                "there is a subject, within its limit");
  fuzz::require((identity.role == Role::system_admin) == identity.tenant.empty(),
                "everyone but a system administrator has a tenant");
  return 0;
}
