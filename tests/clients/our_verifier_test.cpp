// The vectors of docs/receivers through the verifier that our own tests trust.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "crypto/digest.hpp"
#include "receiver/signature_check.hpp"

namespace opi::receiver {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return std::string(value.as_string()); }

std::string body_of(const json::object& vector) {
  if (const auto* body = vector.if_contains("body")) return text(*body);
  const auto bytes = crypto::from_base64(text(vector.at("body_base64"))).value();
  return {bytes.begin(), bytes.end()};
}

// As a receiver that joins two lines of one name.
std::string header(const json::object& vector, std::string_view name) {
  std::string joined;
  for (const auto& line : vector.at("headers").as_array())
    if (line.at(0).as_string() == name) joined += (joined.empty() ? "" : ", ") + text(line.at(1));
  return joined;
}

bool accepts(const json::object& vector, std::chrono::seconds now, std::chrono::seconds window) {
  const auto secret = text(vector.at("secret"));
  const auto key = parse_secret(secret);
  const auto public_key = parse_public_key(secret);
  if (!key && !public_key) return false;
  const auto id = header(vector, "webhook-id"), timestamp = header(vector, "webhook-timestamp"),
             signature = header(vector, "webhook-signature"), body = body_of(vector);
  SignedMessage message;
  message.id = id;
  message.timestamp = timestamp;
  message.signature = signature;
  message.body = body;
  return check_signature(message, key ? std::span(&*key, 1) : std::span<const Key>{}, now, window,
                         public_key ? std::span(&*public_key, 1) : std::span<const crypto::Ed25519PublicKey>{}) ==
         SignatureVerdict::good;
}

TEST(Vectors, OurVerifierMakesOfEachWhatItSays) {
  std::ifstream file(OPI_VECTORS);
  const auto document = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  const std::chrono::seconds now{document.at("now").as_int64()}, window{document.at("window").as_int64()};
  int accepted = 0, refused = 0;
  for (const auto& one : document.at("vectors").as_array()) {
    const auto& vector = one.as_object();
    const auto verdict = text(vector.at("verdict"));
    const bool found = accepts(vector, now, window);  // of a disputed one, too: nothing may come of it but an answer
    const bool public_key = text(vector.at("secret")).starts_with("whpk_");
    if (verdict == "differs" && !public_key) continue;
    EXPECT_EQ(found, verdict != "refuse") << vector.at("name") << ": " << vector.at("reason");
    ++(verdict == "accept" ? accepted : refused);
  }
  EXPECT_GE(accepted, 10);
  EXPECT_GE(refused, 10);
}

}  // namespace
}  // namespace opi::receiver
