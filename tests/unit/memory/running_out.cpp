#include "unit/memory/running_out.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace opi::test {
namespace {

std::atomic<long> left{0};  // the allocation that makes it zero fails; zero or less: none does
std::atomic<bool> fails_here{false};
thread_local bool is_here = false;

bool fails_now() {
  if (left.load(std::memory_order_relaxed) <= 0 || is_here != fails_here.load()) return false;
  return left.fetch_sub(1) == 1;
}

}  // namespace

MemoryRunsOut::MemoryRunsOut(long nth, Where where) {
  is_here = true;
  fails_here = where == Where::here;
  left = nth;
}

MemoryRunsOut::~MemoryRunsOut() {
  left = 0;
  is_here = false;
}

bool MemoryRunsOut::happened() { return left <= 0; }

}  // namespace opi::test

void* operator new(std::size_t size) {
  if (opi::test::fails_now()) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return opi::test::fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
