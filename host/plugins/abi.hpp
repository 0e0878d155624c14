#pragma once
// The plugin ABI as the host includes it: without noexcept, so that what a faulty plugin lets out can be caught.
#define OPI_HOST_BUILD 1
#include <opi/abi.h>

#include <string_view>

namespace opi::plugins {

inline opi_str raw(std::string_view text) { return {text.data(), text.size()}; }
inline opi_bytes raw_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// A view that a plugin passes is sound if it does not claim bytes behind a null pointer or beyond any limit.
inline bool is_sound(const opi_str& text) {
  return text.n == 0 || (text.p != nullptr && text.n <= (std::uint64_t{1} << 40));
}
inline bool is_sound(const opi_bytes& bytes) {
  return bytes.n == 0 || (bytes.p != nullptr && bytes.n <= (std::uint64_t{1} << 40));
}
inline std::string_view view(const opi_str& text) {
  return text.n == 0 ? std::string_view{} : std::string_view{text.p, text.n};
}
inline std::string_view view(const opi_bytes& bytes) {
  return bytes.n == 0 ? std::string_view{} : std::string_view{reinterpret_cast<const char*>(bytes.p), bytes.n};
}

// The error that a call may fill, and its text made safe: NUL-terminated within bounds, at most 503 bytes.
class ErrorSlot {
 public:
  ErrorSlot() { error_.size = sizeof(opi_error); }
  opi_error* out() { return &error_; }
  [[nodiscard]] std::string_view text() const {
    const std::string_view all{error_.text, sizeof(error_.text)};
    return all.substr(0, all.find('\0'));
  }

 private:
  opi_error error_{};
};

}  // namespace opi::plugins
