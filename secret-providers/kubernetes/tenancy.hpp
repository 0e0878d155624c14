#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "settings.hpp"

namespace opi::kubernetes {

// Who may use which Secret. A reference names a namespace, not a tenant: the Secret's label says whose it is, or the
// configuration, for a Secret without the label, says whose namespace it is in.
class Tenancy {
 public:
  explicit Tenancy(const Settings& settings) : settings_(settings) {}

  // By the reference alone. Throws sdk::Failure if no Secret of that namespace could be this tenant's.
  void check(std::string_view tenant, std::string_view space) const;
  // Whether the configuration gives the namespace to the tenant.
  [[nodiscard]] bool owns(std::string_view tenant, std::string_view space) const;
  // `label`: the tenant label's value; nullopt: the Secret has none.
  [[nodiscard]] bool may_use(std::string_view tenant, std::string_view space,
                             const std::optional<std::string>& label) const;

 private:
  const Settings& settings_;
};

}  // namespace opi::kubernetes
