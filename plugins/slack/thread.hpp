#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace opi::slack {

// Whether text is the id of a conversation: C, D or G, then 8 to 20 capital letters and digits.
bool is_channel_id(std::string_view text);

// The message that opened a thread, as a delivery keeps it: "<channel>/<ts>".
struct Thread {
  std::string channel, ts;

  // nullopt unless both have the form that Slack gives them: what is stored must name the thread exactly.
  static std::optional<Thread> of(std::string_view channel, std::string_view ts);
  static std::optional<Thread> parse(std::string_view ref);
  [[nodiscard]] std::string ref() const { return channel + "/" + ts; }
};

}  // namespace opi::slack
