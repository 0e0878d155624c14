#include "plugins/frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace opi::plugins {
namespace {

constexpr std::uint32_t no_text = 0xffffffff;

template <class Number>
void put(std::string& out, Number value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

template <class Number>
Number number_in(std::string_view bytes) {
  Number value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

FrameWriter::FrameWriter(FrameKind kind, std::uint64_t call) {
  put(frame_, std::uint32_t{0});
  put(frame_, static_cast<std::uint32_t>(kind));
  put(frame_, call);
}

FrameWriter& FrameWriter::u32(std::uint32_t value) { return put(frame_, value), *this; }
FrameWriter& FrameWriter::u64(std::uint64_t value) { return put(frame_, value), *this; }

FrameWriter& FrameWriter::text(std::string_view text) {
  if (text.size() > FrameLimits::bytes) throw std::length_error("a text is longer than a frame");
  put(frame_, static_cast<std::uint32_t>(text.size()));
  frame_ += text;
  return *this;
}

FrameWriter& FrameWriter::text(const opi_str& value, std::size_t limit) {
  if (!is_sound(value)) return put(frame_, no_text), *this;
  return text(view(value).substr(0, limit));
}

FrameWriter& FrameWriter::text(const opi_bytes& bytes, std::size_t limit) {
  return text(opi_str{reinterpret_cast<const char*>(bytes.p), bytes.n}, limit);
}

std::string FrameWriter::finish() {
  if (frame_.size() > FrameLimits::bytes) throw std::length_error("a frame is too long");
  const auto length = static_cast<std::uint32_t>(frame_.size() - sizeof(std::uint32_t));
  std::memcpy(frame_.data(), &length, sizeof length);
  return std::move(frame_);
}

void set_number(std::string& frame, std::uint64_t call) {
  std::memcpy(frame.data() + 2 * sizeof(std::uint32_t), &call, sizeof call);
}

std::string_view FrameReader::take(std::size_t bytes) {
  if (bytes > left_.size()) throw BrokenFrame("a frame ends before its fields");
  const auto taken = left_.substr(0, bytes);
  left_.remove_prefix(bytes);
  return taken;
}

std::uint32_t FrameReader::u32() { return number_in<std::uint32_t>(take(sizeof(std::uint32_t))); }
std::uint64_t FrameReader::u64() { return number_in<std::uint64_t>(take(sizeof(std::uint64_t))); }

std::string_view FrameReader::text() { return take(u32()); }

opi_str FrameReader::plugin_text() {
  const auto length = u32();
  return length == no_text ? opi_str{nullptr, 1} : raw(take(length));
}

opi_bytes FrameReader::plugin_bytes() {
  const auto text = plugin_text();
  return {reinterpret_cast<const std::uint8_t*>(text.p), text.n};
}

void FrameReader::end() const {
  if (!left_.empty()) throw BrokenFrame("a frame goes on after its fields");
}

std::size_t FrameStream::wanted() const {
  if (whole_) return sizeof(std::uint32_t);
  if (bytes_.size() < sizeof(std::uint32_t)) return sizeof(std::uint32_t) - bytes_.size();
  const std::size_t whole = number_in<std::uint32_t>(bytes_) + sizeof(std::uint32_t);
  if (whole < FrameLimits::head || whole > FrameLimits::bytes) throw BrokenFrame("a frame has an impossible length");
  return whole - bytes_.size();
}

std::optional<Frame> FrameStream::take(std::string_view& bytes) {
  if (std::exchange(whole_, false)) bytes_.clear();
  for (auto needed = wanted(); needed > 0; needed = wanted()) {
    if (bytes.empty()) return std::nullopt;
    const auto part = bytes.substr(0, needed);
    bytes_ += part;
    bytes.remove_prefix(part.size());
  }
  whole_ = true;
  const std::string_view frame = bytes_;
  return Frame{static_cast<FrameKind>(number_in<std::uint32_t>(frame.substr(4))),
               number_in<std::uint64_t>(frame.substr(8)), frame.substr(FrameLimits::head)};
}

}  // namespace opi::plugins
