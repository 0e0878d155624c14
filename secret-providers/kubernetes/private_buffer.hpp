#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace opi::kubernetes {

// Memory for what is secret: pages of its own that are left out of core dumps and child processes, go to the kernel at
// the end, and cost nothing while they are untouched. Filled from the front.
class PrivateBuffer {
 public:
  explicit PrivateBuffer(std::size_t capacity);
  PrivateBuffer(PrivateBuffer&& other) noexcept;
  PrivateBuffer& operator=(PrivateBuffer&&) = delete;
  ~PrivateBuffer();

  // False: there is no room, and nothing was appended.
  [[nodiscard]] bool append(std::string_view text);
  // Room for the next bytes, of which added() tells how many were written.
  [[nodiscard]] std::span<char> room() { return {data_ + size_, capacity_ - size_}; }
  void added(std::size_t n) { size_ += n; }
  // Takes the first n bytes away.
  void drop(std::size_t n);
  void truncate(std::size_t n) { size_ = n; }
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] char* data() { return data_; }

 private:
  char* data_;
  std::size_t capacity_, size_ = 0;
};

}  // namespace opi::kubernetes
