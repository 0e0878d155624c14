#pragma once
#include <cstddef>
#include <string>

namespace opi::filtering {

// Why a text is not an expression.
struct SyntaxFault {
  std::size_t offset = 0;  // of the character, counted from 0 in Unicode code points
  std::string message;     // what was expected there, such as "expected ]"; never repeats the text
  bool operator==(const SyntaxFault&) const = default;
};

}  // namespace opi::filtering
