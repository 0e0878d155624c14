#include "api/chunked_body.hpp"

#include <algorithm>

#include "api/request_head_rules.hpp"

namespace opi::api {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool may_be_in_line(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

}  // namespace

ChunkedBody::State ChunkedBody::take(std::string_view& bytes, std::string& content) {
  while (!bytes.empty()) {
    if (at_ == At::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, bytes.size()));
      content.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      content_ += count;
      chunk_ -= count;
      if (chunk_ == 0) at_ = At::data_cr;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (++framing_ > ChunkLimits::framing_bytes + ChunkLimits::framing_factor * content_) return State::malformed;
    const auto state = take_framing(c);
    if (state != State::more) return state;
  }
  return State::more;
}

ChunkedBody::State ChunkedBody::take_framing(char c) {
  const auto go_on_if = [&](bool expected, At next) {
    at_ = next;
    return expected ? State::more : State::malformed;
  };
  switch (at_) {
    case At::size: return size_digit(c);
    case At::extension:
      if (c == '\r') return go_on_if(true, At::size_end);
      return ++line_ <= ChunkLimits::line_bytes && may_be_in_line(c) ? State::more : State::malformed;
    case At::size_end: return c == '\n' ? begin_chunk() : State::malformed;
    case At::data_cr: return go_on_if(c == '\r', At::data_lf);
    case At::data_lf: return go_on_if(c == '\n', At::size);
    case At::trailer: return trailer_character(c);
    case At::trailer_end:
      if (c != '\n' || !is_field_line(trailer_)) return State::malformed;
      trailer_.clear();
      return go_on_if(true, At::trailer);
    case At::last_lf: return c == '\n' ? State::whole : State::malformed;
    case At::data: break;
  }
  return State::malformed;
}

ChunkedBody::State ChunkedBody::size_digit(char c) {
  if (++line_ > ChunkLimits::line_bytes) return State::malformed;
  if (const int value = hex_value(c); value >= 0) {
    ++digits_;
    if (significant_ > 0 || value > 0) ++significant_;
    if (significant_ > ChunkLimits::size_digits) return State::malformed;
    chunk_ = chunk_ * 16 + static_cast<std::uint64_t>(value);
    return State::more;
  }
  if (digits_ == 0 || (c != '\r' && c != ';')) return State::malformed;
  at_ = c == '\r' ? At::size_end : At::extension;
  return State::more;
}

ChunkedBody::State ChunkedBody::begin_chunk() {
  at_ = chunk_ == 0 ? At::trailer : At::data;
  significant_ = digits_ = 0;
  line_ = 0;
  return chunk_ > limit_ - content_ ? State::too_large : State::more;
}

ChunkedBody::State ChunkedBody::trailer_character(char c) {
  if (c == '\r') {
    at_ = trailer_.empty() ? At::last_lf : At::trailer_end;
    return State::more;
  }
  if (++trailers_ > ChunkLimits::trailer_bytes || !may_be_in_line(c)) return State::malformed;
  trailer_ += c;
  return State::more;
}

}  // namespace opi::api
