#pragma once
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "plugins/abi.hpp"

// What the daemon and a plugin's process (opi-plugin-host) say to each other over a socket pair. A frame is
//   u32 length of what follows | u32 kind | u64 number of the call | fields
// in the machine's byte order: both ends are one build on one machine, and the first frame says which protocol it is.
namespace opi::plugins {

inline constexpr std::uint32_t frame_protocol = 3;
// Of the end of `start`, above the bits that say which adapters see transport faults: the kernel lets the library's
// constructors read what the daemon's user may.
inline constexpr std::uint64_t reads_any_file = std::uint64_t{1} << 63;
inline constexpr int child_socket = 3, child_image = 4;  // file descriptors of opi-plugin-host

enum class FrameKind : std::uint32_t {
  // To the child: calls, answered in their order by `done`.
  start = 1,
  create,
  destroy,
  render,
  interpret,
  check_reference,
  resolve,
  // To the child, inside a call: the status of an op that asks.
  answer = 16,
  // From the child, inside `start`: it is confined, and ready to open the library. The descriptor over which the kernel
  // asks for what that needs comes with it.
  confined = 24,
  // From the child, inside a call: ops that it has judged itself, by the host's own rules.
  method = 32,
  url,
  header,
  body,
  log,
  // Of the answer of a resolve. The bytes of a value follow its frame, in none: so they are read straight into the
  // memory that they are for.
  value,
  absent,
  commit,
  not_modified,
  fail,
  // Ops whose answer only the host knows: the child waits for it.
  header_secret = 48,
  mac,
  url_secret,
  verdict,
  // From the child: the end of a call.
  done = 64
};

struct FrameLimits {
  static constexpr std::size_t bytes = 4 * 1024 * 1024;  // of a whole frame
  static constexpr std::size_t head = 3 * 4 + 4;
};

// The other side does not keep to the protocol.
struct BrokenFrame : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Puts fields together.
class FrameWriter {
 public:
  FrameWriter(FrameKind kind, std::uint64_t call);
  FrameWriter& u32(std::uint32_t value);
  FrameWriter& u64(std::uint64_t value);
  FrameWriter& text(std::string_view text);
  // As a plugin passed it: a text that is none stays one, and a longer one is cut to `limit` bytes, which is to be more
  // than the reader takes.
  FrameWriter& text(const opi_str& text, std::size_t limit);
  FrameWriter& text(const opi_bytes& bytes, std::size_t limit);
  // The whole frame. Throws std::length_error beyond FrameLimits::bytes.
  [[nodiscard]] std::string finish();

 private:
  std::string frame_;
};

// Gives a whole frame its call's number.
void set_number(std::string& frame, std::uint64_t call);

// Takes fields apart. Everything throws BrokenFrame if the frame is shorter or longer than its fields; views are
// borrowed from it.
class FrameReader {
 public:
  explicit FrameReader(std::string_view fields) : left_(fields) {}
  std::uint32_t u32();
  std::uint64_t u64();
  std::string_view text();  // one that is none: BrokenFrame
  opi_str plugin_text();    // of a text that is none: likewise
  opi_bytes plugin_bytes();
  void end() const;

 private:
  std::string_view take(std::size_t bytes);
  std::string_view left_;
};

struct Frame {
  FrameKind kind{};
  std::uint64_t call = 0;
  std::string_view fields;
};

// Cuts a stream of bytes into frames.
class FrameStream {
 public:
  // Takes bytes from the front until a frame is whole, and no byte more. The frame is valid until the next call;
  // nullopt if more bytes are needed. Throws BrokenFrame for a length that no frame has.
  std::optional<Frame> take(std::string_view& bytes);
  // How many bytes the frame that is under way needs at least.
  [[nodiscard]] std::size_t wanted() const;

 private:
  std::string bytes_;
  bool whole_ = false;  // it was given out
};

}  // namespace opi::plugins
