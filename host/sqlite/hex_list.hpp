#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "domain/ids.hpp"

namespace opi::sqlite {

// The ids as a JSON array of what hex() makes of them, for json_each(); nullopt if there is none.
template <class Id>
std::optional<std::string> hex_list(const std::vector<Id>& ids) {
  if (ids.empty()) return std::nullopt;
  std::string list;
  for (const auto& id : ids) {
    std::string hex = crypto::to_hex(id.value.bytes);
    std::ranges::transform(hex, hex.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    list += (list.empty() ? "[\"" : ",\"") + hex + '"';
  }
  return list + ']';
}

}  // namespace opi::sqlite
