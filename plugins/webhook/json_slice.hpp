#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace opi::webhook {

// Reads JSON text in place: a value is handed on exactly as the producer wrote it, so that no number loses a
// digit and no string is re-escaped. The text is trusted to be JSON only as far as bounds go: on malformed text
// a look-up finds nothing or a wrong slice, but never reads outside.

enum class JsonKind { object, array, string, number, boolean, null };

struct JsonSlice {
  JsonKind kind = JsonKind::null;
  std::string_view text;  // the whole value; a string with its quotes
};

// The value that the path leads to from the text's root: member names, or decimal indices into arrays. The last of
// equally named members counts. nullopt: there is none.
std::optional<JsonSlice> find_value(std::string_view json, std::span<const std::string> path);

// Appends text as the inside of a JSON string: quotes, backslashes and control characters escaped.
void append_escaped(std::string& out, std::string_view text);

}  // namespace opi::webhook
