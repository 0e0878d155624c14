#pragma once
#include <array>
#include <deque>
#include <span>

#include "plugins/frame.hpp"

namespace opi::plugins {

// A frame that owns its fields.
struct OwnFrame {
  FrameKind kind{};
  std::uint64_t call = 0;
  std::string fields;
};

// The child's end of the socket pair. Calls may come while an answer is waited for: they are kept.
// When the daemon is gone, or does not keep to the protocol, the process ends at once: nobody is left to be told, and
// no exception may pass through the plugin that asked. One thread.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}

  // Waits for the next call.
  OwnFrame next_call();
  // Puts an op aside, to be sent with what follows.
  void say(FrameWriter&& frame);
  // Sends an op and the bytes that follow it, of which no copy is made.
  void say_with(FrameWriter&& frame, std::span<const std::uint8_t> bytes);
  // Sends an op and waits for its answer.
  OwnFrame ask(FrameWriter&& frame);
  // Sends an op with a descriptor, which is closed here; -1: without.
  void hand_over(FrameWriter&& frame, int descriptor);
  // Sends all that was put aside.
  void flush();

 private:
  OwnFrame next();
  void send(std::string_view bytes);

  int socket_;
  std::array<char, 64 * 1024> buffer_{};
  std::string_view unread_;  // of it
  FrameStream in_;
  std::deque<OwnFrame> later_;
  std::string out_;
};

}  // namespace opi::plugins
