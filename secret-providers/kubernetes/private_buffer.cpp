#include "private_buffer.hpp"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

namespace opi::kubernetes {

PrivateBuffer::PrivateBuffer(std::size_t capacity) : capacity_(capacity) {
  void* const pages = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  (void)::madvise(pages, capacity, MADV_DONTDUMP);
  (void)::madvise(pages, capacity, MADV_DONTFORK);
  data_ = static_cast<char*>(pages);
}

PrivateBuffer::PrivateBuffer(PrivateBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), capacity_(other.capacity_), size_(std::exchange(other.size_, 0)) {}

PrivateBuffer::~PrivateBuffer() {
  if (data_ == nullptr) return;
  OPENSSL_cleanse(data_, size_);
  ::munmap(data_, capacity_);  // the kernel clears pages before it gives them to anybody
}

bool PrivateBuffer::append(std::string_view text) {
  if (text.size() > capacity_ - size_) return false;
  if (!text.empty()) std::memcpy(data_ + size_, text.data(), text.size());
  size_ += text.size();
  return true;
}

void PrivateBuffer::drop(std::size_t n) {
  std::memmove(data_, data_ + n, size_ - n);
  OPENSSL_cleanse(data_ + size_ - n, n);
  size_ -= n;
}

}  // namespace opi::kubernetes
