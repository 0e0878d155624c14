#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Cuts JSON text without changing it: a payload goes out with the very numbers and strings that came in, which
// a parse into doubles and back would not keep.
namespace opi::delivery {

// The elements of an array, as text. The elements themselves are not checked; nullopt if `text` is not
// brackets around comma-separated pieces. Of an array with more than `limit` elements the first `limit` + 1
// are cut and the rest is not looked at.
std::optional<std::vector<std::string_view>> array_elements(std::string_view text,
                                                            std::size_t limit = std::string_view::npos - 1);

// The value of a member of an object, as text; the last one if the name is repeated; nullopt if it is absent.
// `text` must be valid JSON.
std::optional<std::string_view> member_text(std::string_view text, std::string_view name);

// How many members an object spells, repeated names included. `text` must be valid JSON.
std::size_t member_count(std::string_view text);

// Whether a string in the text, value or name, holds U+0000 as an escape. `text` must be valid JSON.
bool escapes_nul(std::string_view text);

}  // namespace opi::delivery
