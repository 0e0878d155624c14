#pragma once
#include <span>
#include <string>
#include <string_view>

namespace opi::sqlite {

// A JSON array for json_each(). The texts hold nothing that JSON escapes: ids and names of types.
inline std::string text_list(std::span<const std::string_view> texts) {
  std::string list = "[";
  for (const auto text : texts) {
    if (list.size() > 1) list += ',';
    list.append("\"").append(text).append("\"");
  }
  return list + ']';
}

}  // namespace opi::sqlite
