#pragma once
#include <string>
#include <string_view>

namespace opi::delivery {

// One form for all texts of the same content: members in the order of their names at every level (of a repeated name
// the last), no blanks, strings with the same escapes, numbers by their exact decimal value, so that 1E+2 is 100, -0.0
// is 0 and two integers of thirty digits differ if a digit does. `text` must be valid JSON of a bounded depth. Pure.
//
// Stored hashes of content are made of it: a number that a double writes back as it was has the form that it always
// had.
std::string canonical_json(std::string_view text);

}  // namespace opi::delivery
