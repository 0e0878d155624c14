#pragma once
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_record.hpp"
#include "domain/hold.hpp"

namespace opi::delivery {

// Whose hold it is that changes, and who noted it when.
struct HoldChange {
  TenantId tenant;
  DestinationId destination;
  std::optional<Hold> before, now;
  std::string daemon_id;
  UnixTime at{};
};

// What the trail says of the change: destination.held if an audited hold begins, destination.resumed if one ends and no
// other audited one takes its place. Nothing if the cause is the same. Pure.
std::optional<audit::Entry> entry_of(const HoldChange& change);

}  // namespace opi::delivery
