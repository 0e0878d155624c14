#pragma once
#include "administration/catalog_editor.hpp"
#include "delivery/waiting_deliveries.hpp"

namespace opi::administration {

// Deletes destinations, alone or with what waits for them. Thread-safe. Throws StoreUnavailable; what was cancelled by
// then stays cancelled, and asking again goes on.
class DestinationRemoval {
 public:
  static constexpr const char* reason = "its destination was deleted";  // of what is cancelled

  struct Result {
    ChangeStatus status = ChangeStatus::done;
    delivery::LiveCount live;  // of a destination that is busy, or was miscounted
  };

  DestinationRemoval(CatalogEditor& editor, delivery::WaitingDeliveries& waiting, const Clock& clock)
      : editor_(editor), waiting_(waiting), clock_(clock) {}

  // Busy while anything of it is live.
  Result remove(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen, const Actor& actor);

  // Cancels what waits, which must be as many as the caller says (up to WaitingDeliveries::max_at_once), and deletes.
  // Miscounted if they are not; busy while an attempt is under way: either way nothing was changed. Events that come
  // meanwhile are cancelled too: the destination is disabled first. Busy after that only if an attempt began just
  // before; then it stays disabled.
  Result remove_with_waiting(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                             std::int64_t waiting, const Actor& actor);

 private:
  delivery::LiveCount live(const TenantId& tenant, const DestinationId& id) {
    return waiting_.count(tenant, {.destinations = {id}});
  }

  CatalogEditor& editor_;
  delivery::WaitingDeliveries& waiting_;
  const Clock& clock_;
};

}  // namespace opi::administration
