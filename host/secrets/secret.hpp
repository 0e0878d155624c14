#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace opi::secrets {

// Bytes of a secret: in locked pages that are left out of core dumps, wiped when released. Move-only and
// not printable; a stream operator is deleted so that no log can take one.
class Secret {
 public:
  static constexpr std::size_t max_bytes = 64 * 1024;

  Secret() = default;
  // Reserves zeroed space to be written through writable(). Throws std::length_error above max_bytes.
  explicit Secret(std::size_t size);
  explicit Secret(std::string_view value);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // The value, for the one call that needs it; valid while this object lives.
  [[nodiscard]] std::span<const std::uint8_t> reveal() const { return {data_, size_}; }
  [[nodiscard]] std::span<std::uint8_t> writable() { return {data_, size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

template <class Stream>
Stream& operator<<(Stream&, const Secret&) = delete;

}  // namespace opi::secrets
