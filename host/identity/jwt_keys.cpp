#include "identity/jwt_keys.hpp"

#include <Poco/Exception.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "crypto/digest.hpp"
#include "foundation/mutex.hpp"

namespace opi::identity {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string member(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::vector<std::uint8_t> number(const json::object& object, const char* name) {
  return crypto::from_base64url(member(object, name)).value_or(std::vector<std::uint8_t>{});
}

// nullopt for a key that is meant for something else.
std::optional<crypto::PublicKey> usable_key(const json::object& jwk) {
  const auto type = member(jwk, "kty"), use = member(jwk, "use"), algorithm = member(jwk, "alg");
  if (!use.empty() && use != "sig") return std::nullopt;
  if (type == "RSA" && (algorithm.empty() || algorithm == "RS256"))
    return crypto::rsa_public_key(number(jwk, "n"), number(jwk, "e"));
  if (type == "EC" && member(jwk, "crv") == "P-256" && (algorithm.empty() || algorithm == "ES256"))
    return crypto::ec_p256_public_key(number(jwk, "x"), number(jwk, "y"));
  return std::nullopt;
}

void add(std::vector<JwtKey>& keys, std::string id, const crypto::PublicKey& key) {
  if (id.size() > JwtKeyLimits::id_bytes) throw std::runtime_error("a key id is longer than 128 bytes");
  if (std::ranges::find(keys, id, &JwtKey::id) != keys.end()) throw std::runtime_error("two keys have one id");
  if (keys.size() == JwtKeyLimits::keys) throw std::runtime_error("there are more than 32 keys");
  try {
    keys.emplace_back(std::move(id), key);
  } catch (const Poco::Exception&) {
    throw std::runtime_error("a key cannot be used");
  }
}

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string content(JwtKeyLimits::file_bytes + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (stream.bad() || stream.gcount() == 0) throw std::runtime_error("cannot be read or is empty");
  content.resize(static_cast<std::size_t>(stream.gcount()));
  if (content.size() > JwtKeyLimits::file_bytes) throw std::runtime_error("is larger than 256 KiB");
  return content;
}

void add_pem(std::vector<JwtKey>& keys, const fs::path& file) {
  const auto key = crypto::public_key_from_pem(read(file));
  if (!key) throw std::runtime_error(file.filename().string() + " is not a public key (RSA from 2048 bits, or P-256)");
  add(keys, file.stem().string(), *key);
}

std::vector<JwtKey> load(const fs::path& path) {
  if (path.extension() != ".pem" && !fs::is_directory(path)) return keys_of_jwks(read(path));
  std::vector<JwtKey> keys;
  if (!fs::is_directory(path)) {
    add_pem(keys, path);
    return keys;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.path().extension() == ".pem") files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) add_pem(keys, file);
  if (keys.empty()) throw std::runtime_error("holds no .pem file");
  return keys;
}

}  // namespace

std::vector<JwtKey> keys_of_jwks(std::string_view document) {
  json::error_code failure;
  const auto value = json::parse({document.data(), document.size()}, failure);
  const auto* set = failure || !value.is_object() ? nullptr : value.get_object().if_contains("keys");
  if (set == nullptr || !set->is_array()) throw std::runtime_error("is not a JWKS document");
  std::vector<JwtKey> keys;
  for (const auto& item : set->get_array()) {
    if (!item.is_object()) throw std::runtime_error("is not a JWKS document");
    const auto& jwk = item.get_object();
    if (jwk.contains("d")) throw std::runtime_error("holds a private key");
    if (const auto key = usable_key(jwk)) add(keys, member(jwk, "kid"), *key);
  }
  if (keys.empty()) throw std::runtime_error("holds no key for RS256 or ES256");
  return keys;
}

std::vector<JwtKey> load_jwt_keys(const std::string& path) {
  try {
    return load(path);
  } catch (const std::runtime_error& failure) {
    throw std::runtime_error("identity.jwt_keys: " + path + ": " + failure.what());
  }
}

JwtVerifier::JwtVerifier(std::string path, JwtRules rules, const Clock& clock)
    : path_(std::move(path)),
      rules_(std::move(rules)),
      clock_(clock),
      keys_(std::make_shared<const std::vector<JwtKey>>()) {
  reload();
}

std::variant<Caller, JwtRefusal> JwtVerifier::verify(std::string_view token) const {
  std::shared_ptr<const std::vector<JwtKey>> keys;
  {
    const Lock lock(mutex_);
    keys = keys_;
  }
  return judge_jwt(token, *keys, rules_, clock_.unix_now());
}

void JwtVerifier::reload() {
  if (path_.empty()) return;
  auto keys = std::make_shared<const std::vector<JwtKey>>(load_jwt_keys(path_));
  const Lock lock(mutex_);
  keys_ = std::move(keys);
}

}  // namespace opi::identity
