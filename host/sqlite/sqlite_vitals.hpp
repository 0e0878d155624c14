#pragma once
#include <optional>
#include <string>

namespace opi::sqlite {

struct Vitals {
  std::string version;  // the library's
  std::optional<int> schema;
  int known_schema = 0;
  bool served = true;  // this program can work with the schema, or bring it there
};

// Looks into a database file without changing or making it. Throws StoreUnavailable.
Vitals look(const std::string& file);

}  // namespace opi::sqlite
