#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/catalog.hpp"

// What both stores make alike of the catalog's rows. While an installation is upgraded a newer version may have written
// some of them: what this one does not know concerns the destination that has it, and nobody else.
namespace opi::delivery {

// Reads the members that have one of a few forms, and remembers those whose form is none of them. Pure.
class StoredForms {
 public:
  SigningRule signing(std::string_view text);
  DeliveryOrder order(std::string_view text);
  DeadLetterBehaviour dead_letter(std::string_view text);
  // `text` is what stored_authorization() made of a destination that has a filter, or none.
  std::optional<Authorization> authorization(std::optional<std::string_view> text, bool filtered);
  void unknown(const char* member) { members_.emplace_back(member); }

  // As Destination::not_understood and Tenant::not_understood.
  [[nodiscard]] std::string not_understood() const;

 private:
  std::vector<std::string> members_;
};

// The destination's authorization as the stores keep it. Of one with a filter it has a member more, "filtered":
// versions that do not know filters do not know it either and hold the destination, instead of sending what its filter
// keeps back.
std::optional<std::string> stored_authorization(const Destination& destination);

// A tenant's own policy is a part of each of its destinations'.
Catalog assembled(std::int64_t revision, std::vector<Tenant> tenants, std::vector<Destination> destinations);

}  // namespace opi::delivery
