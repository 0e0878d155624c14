#include "plugins/host_process/channel.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace opi::plugins {
namespace {

constexpr std::size_t aside_bytes = 64 * 1024;

enum EndOfProcess { daemon_gone = 0, protocol_broken = 71 };

}  // namespace

OwnFrame Channel::next() try {
  for (;;) {
    if (const auto frame = in_.take(unread_)) return {frame->kind, frame->call, std::string(frame->fields)};
    const auto n = ::read(socket_, buffer_.data(), buffer_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) std::_Exit(daemon_gone);
    unread_ = {buffer_.data(), static_cast<std::size_t>(n)};
  }
} catch (const BrokenFrame&) {
  std::_Exit(protocol_broken);
}

OwnFrame Channel::next_call() {
  if (later_.empty()) return next();
  auto call = std::move(later_.front());
  later_.pop_front();
  return call;
}

void Channel::say(FrameWriter&& frame) {
  out_ += frame.finish();
  if (out_.size() >= aside_bytes) flush();
}

void Channel::say_with(FrameWriter&& frame, std::span<const std::uint8_t> bytes) {
  say(std::move(frame));
  flush();
  send({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

OwnFrame Channel::ask(FrameWriter&& frame) {
  say(std::move(frame));
  flush();
  for (;;) {
    auto found = next();
    if (found.kind == FrameKind::answer) return found;
    later_.push_back(std::move(found));
  }
}

void Channel::hand_over(FrameWriter&& frame, int descriptor) {
  if (descriptor < 0) return say(std::move(frame)), flush();
  flush();
  auto text = frame.finish();
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptor)> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  auto* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  // Some bytes into an empty socket: whole or not at all.
  if (::sendmsg(socket_, &message, 0) != static_cast<ssize_t>(text.size())) std::_Exit(daemon_gone);
  ::close(descriptor);
}

void Channel::flush() {
  send(out_);
  out_.clear();
}

void Channel::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(socket_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) std::_Exit(daemon_gone);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace opi::plugins
