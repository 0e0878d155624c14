#pragma once
#include <memory>
#include <string>
#include <vector>

#include "foundation/mutex.hpp"
#include "identity/jwt.hpp"

namespace opi::identity {

struct JwtKeyLimits {
  static constexpr std::size_t keys = 32;
  static constexpr std::size_t file_bytes = 256 * 1024;
  static constexpr std::size_t id_bytes = 128;
};

// The keys of a JWKS document (RFC 7517) that can verify RS256 or ES256; others in it are passed over. Pure.
// Throws std::runtime_error with what is wrong: no such key, two of one id, a private key.
std::vector<JwtKey> keys_of_jwks(std::string_view document);

// The keys of a JWKS file, of one .pem file, or of the .pem files of a folder, whose names without ".pem" are the
// keys' ids. Throws std::runtime_error that names the file.
std::vector<JwtKey> load_jwt_keys(const std::string& path);

// Verifies JWTs with the keys of a path. Thread-safe.
class JwtVerifier {
 public:
  // An empty path: no token is accepted. Throws what load_jwt_keys() throws.
  JwtVerifier(std::string path, JwtRules rules, const Clock& clock);

  [[nodiscard]] std::variant<Caller, JwtRefusal> verify(std::string_view token) const;
  // Reads the keys anew; if that throws, the keys stay as they were.
  void reload();

 private:
  const std::string path_;
  const JwtRules rules_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const std::vector<JwtKey>> keys_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::identity
