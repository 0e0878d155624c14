#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "opi/kit/summary.hpp"

namespace opi::kit {

// How loudly a message shows an event. `settled` is for what ended well, whatever its severity was.
enum class Loudness { none, info, low, medium, high, critical, settled };

inline Loudness loudness_of(const Summary& summary) {
  if (summary.action == "resolved" || summary.action == "closed") return Loudness::settled;
  std::string word = summary.severity;
  std::ranges::transform(word, word.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (word == "critical" || word == "p1") return Loudness::critical;
  if (word == "high" || word == "p2") return Loudness::high;
  if (word == "medium" || word == "moderate" || word == "p3") return Loudness::medium;
  if (word == "low" || word == "p4") return Loudness::low;
  if (word == "info" || word == "informational" || word == "p5") return Loudness::info;
  return Loudness::none;
}

}  // namespace opi::kit
