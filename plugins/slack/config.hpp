#pragma once
#include <string>
#include <string_view>

namespace opi::slack {

enum class Mode { incoming_webhook, post_message };

struct Config {
  Mode mode = Mode::incoming_webhook;
  std::string channel;             // an id; empty for incoming webhooks, whose URL stands for one channel
  bool threads = true;             // what follows about a subject replies to its first message
  bool broadcast_endings = false;  // replies that end a subject show in the channel too
  bool mark_endings = false;       // the first message gets a reaction when its subject ends
};

// Throws sdk::Failure, which names the field that is wrong.
Config parse_config(std::string_view json);

}  // namespace opi::slack
