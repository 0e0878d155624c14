#pragma once
#include "delivery/catalog_store.hpp"
#include "delivery/envelope.hpp"

// What both stores decide alike when they write to the catalog. Pure.
namespace opi::delivery {

// The answer to a write that need not happen; nullopt if it must. `wanted` has been completed from `stored`.
template <class Content>
std::optional<WriteResult> settled_without_write(const Content* stored, const Content& wanted,
                                                 const Expectation& expected) {
  if (stored == nullptr) return expected.forbids_missing() ? std::optional{WriteResult::missing} : std::nullopt;
  if (expected.forbids_existing()) return WriteResult::exists;
  if (expected.is_stale(stored->revision)) return WriteResult::stale;
  if (!stored->not_understood.empty()) return WriteResult::newer;
  return *stored == wanted ? std::optional{WriteResult::unchanged} : std::nullopt;
}

// What WriteResult::exhausted says of a credential.
FieldError too_many_receivers();

// `wanted` as it would be stored: credentials in the order in which they are read back, each with its time of creation
// and its receiver; the revision of what is stored, so that equal content is equal.
Destination completed(Destination wanted, const Destination* stored, UnixTime now);

}  // namespace opi::delivery
