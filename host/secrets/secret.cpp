#include "secrets/secret.hpp"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace opi::secrets {
namespace {

// Whole pages of its own, so that locking and "not in core dumps" cover exactly the secret.
constexpr std::size_t page_size = 4096;
constexpr std::size_t mapped_size(std::size_t size) { return (size + page_size - 1) / page_size * page_size; }

std::uint8_t* map_pages(std::size_t size) {
  void* pages = mmap(nullptr, mapped_size(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  // RLIMIT_MEMLOCK may forbid the lock; the wipe and the missing dump still hold then.
  (void)mlock(pages, mapped_size(size));
  (void)madvise(pages, mapped_size(size), MADV_DONTDUMP);
  (void)madvise(pages, mapped_size(size), MADV_DONTFORK);
  return static_cast<std::uint8_t*>(pages);
}

}  // namespace

Secret::Secret(std::size_t size) : size_(size) {
  if (size > max_bytes) throw std::length_error("secret is larger than 65536 bytes");
  if (size > 0) data_ = map_pages(size);
}

Secret::Secret(std::string_view value) : Secret(value.size()) {
  if (data_ != nullptr) std::memcpy(data_, value.data(), value.size());
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  if (data_ == nullptr) return;
  explicit_bzero(data_, size_);
  munmap(data_, mapped_size(size_));
}

}  // namespace opi::secrets
