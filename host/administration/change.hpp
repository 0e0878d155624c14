#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "delivery/envelope.hpp"
#include "domain/catalog.hpp"

namespace opi::administration {

enum class ChangeStatus {
  done,        // also if everything was so already
  invalid,     // `errors` say what of the document cannot be
  missing,     // there is no such thing, or it is another tenant's
  exists,      // something of this id is there
  stale,       // it is not what the caller saw when he named its revision
  busy,        // a destination that still has live deliveries
  miscounted,  // something else waits for it than the caller was told
  disabled,    // a destination to which nothing is sent
  newer,       // a newer version has written what this one does not know, and would lose
  unbound,     // a credential of the destination was put for another receiver: it is held
};

// What came of a request to change something.
template <class Content>
struct Change {
  ChangeStatus status = ChangeStatus::done;
  Content content{};  // as it is now; if done
  std::vector<delivery::FieldError> errors;

  static Change of(ChangeStatus status) { return {status, {}, {}}; }
  static Change invalid(std::vector<delivery::FieldError> errors) {
    return {ChangeStatus::invalid, {}, std::move(errors)};
  }
};

using DestinationChange = Change<std::shared_ptr<const Destination>>;
using TenantChange = Change<Tenant>;

}  // namespace opi::administration
