#pragma once
#include <stdexcept>

namespace opi {

// What any store may throw. Texts are safe to log: they never contain row data or connection secrets.

// Nothing was changed: the database cannot be reached or refused for a passing reason. Try again later.
class StoreUnavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The connection was lost while a commit was under way: it may or may not have happened.
// Resolve by reading back, never by blind retry.
class CommitInDoubt : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace opi
