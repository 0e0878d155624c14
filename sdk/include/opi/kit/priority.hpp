#pragma once
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "opi/kit/config.hpp"

namespace opi::kit {

enum class Urgency { low, medium, high, critical };
inline constexpr std::array<std::string_view, 4> urgency_names{"low", "medium", "high", "critical"};

// What the usual words for severities and priorities mean.
inline std::optional<Urgency> urgency_of(std::string_view word) {
  std::string lower(word);
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  const auto is = [&](std::initializer_list<std::string_view> words) {
    for (const auto each : words)
      if (lower == each) return true;
    return false;
  };
  if (is({"critical", "urgent", "highest", "emergency", "p1", "1"})) return Urgency::critical;
  if (is({"high", "major", "p2", "2"})) return Urgency::high;
  if (is({"medium", "moderate", "normal", "p3", "3"})) return Urgency::medium;
  if (is({"low", "minor", "lowest", "info", "informational", "p4", "p5", "4", "5"})) return Urgency::low;
  return std::nullopt;
}

// A receiver's words for the four urgencies: the given ones, unless the configuration's object `field` has others, and
// its "otherwise" for what is none of them. An empty word: the priority is left to the receiver.
class Priorities {
 public:
  Priorities(const boost::json::object& config, std::string_view field, std::array<std::string_view, 4> words) {
    const auto own = object_at(config, field);
    for (std::size_t i = 0; i < words.size(); ++i) words_[i] = text(own, urgency_names[i], words[i]);
    otherwise_ = text(own, "otherwise");
  }

  [[nodiscard]] std::string of(std::string_view severity) const {
    const auto urgency = urgency_of(severity);
    return urgency ? words_[static_cast<std::size_t>(*urgency)] : otherwise_;
  }

 private:
  std::array<std::string, 4> words_;
  std::string otherwise_;
};

}  // namespace opi::kit
