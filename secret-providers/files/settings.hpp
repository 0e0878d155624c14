#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "layout.hpp"

namespace opi::file_secrets {

// The provider's configuration. Immutable.
struct Settings {
  std::string root;  // absolute
  Layout layout;
  std::string tenant;  // the only one; empty: the layout names it
  bool strip_newline;
  std::uint64_t max_bytes;
  std::chrono::seconds ttl;
  std::set<uid_t> owners;  // beside root

  // Throws sdk::Failure, which names the field.
  static Settings parse(std::string_view config_json);
};

}  // namespace opi::file_secrets
