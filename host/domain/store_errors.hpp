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

// The schema forbids the content (a limit or a rule, named in the text): nothing was changed, and trying
// again cannot help. Whoever calls a store checks its input first, so this is a defect of the caller.
class StoreRefused : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// The database was made by a newer program or its migrations were altered: do not touch it.
class SchemaRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace opi
