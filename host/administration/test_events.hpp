#pragma once
#include <chrono>
#include <functional>
#include <optional>

#include "administration/actor.hpp"
#include "administration/catalog_editor.hpp"
#include "delivery/delivery_query.hpp"
#include "delivery/intake.hpp"

namespace opi::administration {

struct TestEventLimits {
  static constexpr std::chrono::milliseconds max_wait{15'000};
};

// Sends an event of type oneprotect.test to one destination, whatever it subscribes to: a delivery like any other, with
// its policy, its signature and its record. Thread-safe. Throws as Intake does.
class TestEvents {
 public:
  using Pause = std::function<void(std::chrono::milliseconds)>;

  // `pause` passes time between two looks at the store.
  TestEvents(CatalogEditor& editor, delivery::Intake& intake, delivery::DeliveryQuery& deliveries, const Clock& clock,
             Random& random, Pause pause)
      : editor_(editor),
        intake_(intake),
        deliveries_(deliveries),
        clock_(clock),
        random_(random),
        pause_(std::move(pause)) {}

  // Statuses: done, missing, stale, unbound, disabled.
  Change<DeliveryId> send(const TenantId& tenant, const DestinationId& destination, CatalogEditor::Seen seen,
                          const Actor& actor);

  // The first attempt, as soon as it is recorded; nullopt if it is not within `patience`.
  std::optional<Attempt> first_attempt(const TenantId& tenant, const DeliveryId& delivery,
                                       std::chrono::milliseconds patience);

 private:
  CatalogEditor& editor_;
  delivery::Intake& intake_;
  delivery::DeliveryQuery& deliveries_;
  const Clock& clock_;
  Random& random_;
  const Pause pause_;
};

}  // namespace opi::administration
