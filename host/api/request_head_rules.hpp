#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "api/problem.hpp"

namespace opi::api {

struct HeadLimits {
  static constexpr std::size_t bytes = 16 * 1024;
  static constexpr std::size_t line_bytes = 8 * 1024;
  static constexpr std::size_t fields = 64;
};

// Where the head at the beginning of `bytes` ends, with its empty line; nullopt while it is incomplete. `looked_at` of
// the bytes were there before, without an end.
std::optional<std::size_t> end_of_head(std::string_view bytes, std::size_t looked_at = 0);

// The body that a complete head announces, if it comes without further ado (no coding, no 100-continue) and has at most
// `most` bytes; else 0.
std::size_t plain_body_bytes(std::string_view head, std::size_t most);

// What is wrong with a complete request head; nullopt if it may be served. Stricter than RFC 9112 asks for, wherever
// two programs could read one head in two ways: a proxy in front of this server must not see other requests than it
// does. Pure.
std::optional<Problem> judge_head(std::string_view head);

// The refusal of a head that is larger than HeadLimits::bytes.
Problem head_too_large(std::string detail);

}  // namespace opi::api
