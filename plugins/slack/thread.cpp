#include "thread.hpp"

#include <algorithm>

namespace opi::slack {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Seconds and a counter, such as 1503435956.000247. Never a number: its digits are the message's name.
bool is_timestamp(std::string_view text) {
  const auto dot = text.find('.');
  return text.size() <= 32 && dot != std::string_view::npos && dot != 0 && dot + 1 < text.size() &&
         std::ranges::all_of(text.substr(0, dot), is_digit) && std::ranges::all_of(text.substr(dot + 1), is_digit);
}

}  // namespace

bool is_channel_id(std::string_view text) {
  return text.size() >= 9 && text.size() <= 21 &&
         std::string_view{"CDG"}.find(text.front()) != std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
}

std::optional<Thread> Thread::of(std::string_view channel, std::string_view ts) {
  if (!is_channel_id(channel) || !is_timestamp(ts)) return std::nullopt;
  return Thread{std::string(channel), std::string(ts)};
}

std::optional<Thread> Thread::parse(std::string_view ref) {
  const auto slash = ref.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return of(ref.substr(0, slash), ref.substr(slash + 1));
}

}  // namespace opi::slack
