#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clock.hpp"
#include "domain/ids.hpp"
#include "secrets/secret.hpp"

namespace opi::secrets {

// A parsed reference: "k8s://namespace/secret/key" by the template of its scheme. The last segments marked
// as key by the template name one value of the resource that the others name.
struct SecretReference {
  std::string scheme;
  std::vector<std::string> resource;  // decoded segments that name one resource
  std::string key;                    // one value of it
  std::string version;                // empty: the current one
};

enum class ResolveStatus { ok, not_modified, not_found, denied, unavailable, invalid };

struct ResolveResult {
  ResolveStatus status = ResolveStatus::unavailable;
  std::string failure;                                // for people; never contains the value
  std::vector<std::shared_ptr<const Secret>> values;  // one per key asked for; null: absent
  std::string version;
  std::optional<std::chrono::milliseconds> ttl;
};

struct ResolveQuery {
  const SecretReference& reference;
  std::span<const std::string> keys;
  const TenantId& tenant;
  std::string_view if_not_version;
  MonoTime deadline{};
};

// Resolves references of one scheme. Thread-safe.
class SecretProvider {
 public:
  static constexpr std::size_t max_keys = 64;  // of one resource that one query asks for

  virtual ~SecretProvider() = default;
  [[nodiscard]] virtual std::string_view scheme() const = 0;
  // Parses a reference by the provider's template and checks its syntax and that `tenant` may use it. Pure.
  // Throws InvalidReference, whose text does not repeat the reference.
  [[nodiscard]] virtual SecretReference parse(std::string_view reference, const TenantId& tenant) const = 0;
  // Blocks until the deadline at most. Never throws; failures are in the result.
  virtual ResolveResult resolve(const ResolveQuery& query) = 0;
};

class InvalidReference : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace opi::secrets
