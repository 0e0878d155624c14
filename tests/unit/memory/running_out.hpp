#pragma once

namespace opi::test {

// While it lives, one allocation finds no memory (std::bad_alloc): the `nth` from now on, counting from 1, of this
// thread or, instead, of all others. One at a time.
class MemoryRunsOut {
 public:
  enum class Where { here, elsewhere };
  MemoryRunsOut(long nth, Where where);
  ~MemoryRunsOut();
  MemoryRunsOut(const MemoryRunsOut&) = delete;
  MemoryRunsOut& operator=(const MemoryRunsOut&) = delete;

  // Whether it has: there were so many allocations.
  [[nodiscard]] static bool happened();
};

}  // namespace opi::test
