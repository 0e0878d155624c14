#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace opi::api {

struct ChunkLimits {
  static constexpr int size_digits = 8;                // significant ones
  static constexpr std::size_t line_bytes = 256;       // of a chunk's size with its extensions
  static constexpr std::size_t trailer_bytes = 4'096;  // of all trailer fields together
  // What is no content: this much, and this many times what is. One byte a chunk costs five others.
  static constexpr std::size_t framing_bytes = 64 * 1024, framing_factor = 8;
};

// Decodes a chunked body (RFC 9112, 7.1) as it comes. Lines end in CRLF alone; extensions and trailer fields are read
// and thrown away. Pure.
class ChunkedBody {
 public:
  enum class State { more, whole, malformed, too_large };

  // Of a body that may have `limit` bytes.
  explicit ChunkedBody(std::size_t limit = 0) : limit_(limit) {}

  // Takes what belongs to the body from the front of `bytes`, and adds its content to `content`, which no one else
  // changes meanwhile.
  State take(std::string_view& bytes, std::string& content);

 private:
  enum class At { size, extension, size_end, data, data_cr, data_lf, trailer, trailer_end, last_lf };

  State take_framing(char c);
  State size_digit(char c);
  State begin_chunk();
  State trailer_character(char c);

  std::size_t limit_;
  At at_ = At::size;
  std::uint64_t chunk_ = 0;  // of the current chunk, what is still to come; its size, while that is read
  int significant_ = 0, digits_ = 0;
  std::size_t line_ = 0, trailers_ = 0, framing_ = 0, content_ = 0;
  std::string trailer_;
};

}  // namespace opi::api
