#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"
#include "secrets/secret_provider.hpp"

namespace opi::plugins {

// The form of a provider's references, from its manifest: "k8s://{namespace}/{secret}/{key}". Each segment is one
// placeholder. {key} (required, once) names one value of the resource that the others name; {version} (optional) pins
// it; {tenant} must be the tenant that uses the reference; all but key and version are the resource, in order.
// Immutable.
class ReferenceTemplate {
 public:
  static constexpr std::size_t max_segments = 8, max_segment_bytes = 253, max_reference_bytes = 2048;

  // nullopt, and an entry in `problems`, if the text is not a template.
  static std::optional<ReferenceTemplate> parse(std::string_view text, const std::string& where,
                                                std::vector<std::string>& problems);

  [[nodiscard]] const std::string& scheme() const { return scheme_; }
  // Whether a reference names its tenant. Else whose it is, is the provider's to say.
  [[nodiscard]] bool has_tenant() const;

  // Parses a reference: as many segments as the template, percent-decoded, none empty, ".", "..", with '/', control
  // characters or malformed UTF-8 boundaries. Throws secrets::InvalidReference, which names the placeholder and never
  // the reference.
  [[nodiscard]] secrets::SecretReference read(std::string_view reference, const TenantId& tenant) const;

 private:
  std::string scheme_;
  std::vector<std::string> names_;
};

}  // namespace opi::plugins
