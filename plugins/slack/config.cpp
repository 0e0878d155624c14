#include "config.hpp"

#include <opi/kit/config.hpp>

#include "thread.hpp"

namespace opi::slack {

Config parse_config(std::string_view json) {
  const auto object = kit::parse_config_object(json);
  Config config;
  if (kit::one_of(object, "mode", {"incoming_webhook", "chat.postMessage"}) == "incoming_webhook") {
    for (const auto* const field : {"channel", "threads", "broadcast_endings", "mark_endings"})
      if (object.contains(field)) kit::wrong(field, "is for mode \"chat.postMessage\" alone");
    return config;
  }
  config.mode = Mode::post_message;
  config.channel = kit::required_text(object, "channel");
  if (!is_channel_id(config.channel)) kit::wrong("channel", "is not the id of a channel, such as C024BE91L");
  config.threads = kit::flag(object, "threads", config.threads);
  config.broadcast_endings = kit::flag(object, "broadcast_endings", config.broadcast_endings);
  config.mark_endings = kit::flag(object, "mark_endings", config.mark_endings);
  return config;
}

}  // namespace opi::slack
