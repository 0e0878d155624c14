#include "administration/destination_removal.hpp"

namespace opi::administration {
namespace {

// Of cancelling what came while the one before was going on.
constexpr int rounds = 3;

}  // namespace

DestinationRemoval::Result DestinationRemoval::remove(const TenantId& tenant, const DestinationId& id,
                                                      CatalogEditor::Seen seen, const Actor& actor) {
  const auto status = editor_.remove(tenant, id, seen, actor).status;
  return {status, status == ChangeStatus::busy ? live(tenant, id) : delivery::LiveCount{}};
}

DestinationRemoval::Result DestinationRemoval::remove_with_waiting(const TenantId& tenant, const DestinationId& id,
                                                                   CatalogEditor::Seen seen, std::int64_t waiting,
                                                                   const Actor& actor) {
  const auto counted = live(tenant, id);
  const auto look = [&](Destination& wanted, const Catalog&) {
    CatalogEditor::Edit edit;
    if (counted.waiting != waiting)
      edit.status = ChangeStatus::miscounted;
    else if (counted.under_way > 0)
      edit.status = ChangeStatus::busy;
    wanted.enabled = false;
    wanted.disabled_reason = "it is being deleted";
    edit.details = {{"reason", wanted.disabled_reason}};
    return edit;
  };
  const auto disabled = editor_.edit(tenant, id, seen, actor, audit::Action::destination_disabled, look).status;
  if (disabled != ChangeStatus::done) return {disabled, counted};
  const auto by = entry_of(actor, tenant, audit::Action::delivery_cancelled, "", {}, clock_.unix_now());
  for (int round = 1;; ++round) {
    waiting_.cancel(tenant, {.destinations = {id}}, delivery::WaitingDeliveries::max_at_once, reason, by);
    const auto result = remove(tenant, id, {}, actor);
    if (result.status != ChangeStatus::busy || round == rounds) return result;
  }
}

}  // namespace opi::administration
