#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "api/problem.hpp"

namespace opi::api {

struct HeadLimits {
  static constexpr std::size_t bytes = 16 * 1024;
  static constexpr std::size_t line_bytes = 8 * 1024;
  static constexpr std::size_t fields = 64;
  static constexpr std::size_t empty_lines = 4;  // before a request line
  // Bodies of at most this size are collected with the head, if their length is told.
  static constexpr std::size_t collected_body_bytes = 16 * 1024;
};

// Where the head at the beginning of `bytes` ends, with its empty line; nullopt while it is incomplete. `looked_at` of
// the bytes were there before, without an end.
std::optional<std::size_t> end_of_head(std::string_view bytes, std::size_t looked_at = 0);

// What a head says of what comes after it.
struct Framing {
  std::uint64_t length = 0;  // as announced, if the body is not chunked
  bool chunked = false;
  bool expects_continue = false;
  bool is_1_1 = true;
  bool keep_alive = true;  // the client would send further requests
  bool operator==(const Framing&) const = default;

  // The body comes by itself, right after the head, and is small.
  [[nodiscard]] bool is_collected() const {
    return !chunked && (length == 0 || (!expects_continue && length <= HeadLimits::collected_body_bytes));
  }
};

// What a complete request head says, or what is wrong with it. Stricter than RFC 9112 asks for, wherever two programs
// could read one head in two ways: a proxy in front of this server must not see other requests than it does. Pure.
std::variant<Framing, Problem> judge_head(std::string_view head);

// Why a body is not read where at most `limit` bytes are wanted; nullopt if it may come. Whoever wants no more than
// what is collected with a head wants it at once.
std::optional<Problem> judge_body(const Framing& framing, std::size_t limit);

// True for "Name: value" as judge_head() takes it.
bool is_field_line(std::string_view line);

Problem head_too_large(std::string detail);
Problem body_too_large(std::size_t limit);

}  // namespace opi::api
