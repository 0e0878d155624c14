#pragma once
#include <cstdint>

// What a plugin's process can do less and less of. Everything here ends the process if it cannot be had: a plugin must
// not run in a weaker sandbox than the operator believes.
namespace opi::plugins {

// From the start: no new privileges, no core, no file grows, few descriptors, the daemon's death is this process's,
// nobody of the same user may look into it, no environment, and so much address space at most.
void limit_resources();
void limit_memory(std::uint64_t bytes);

// While the library is opened, and its constructors run: reading files, and nothing else of the world: no sockets,
// processes, writing. Where the kernel has Landlock, only the system's libraries and the plugin's file `image` can be
// read; false: it has not.
bool confine_reading_to_libraries(int image);
void confine_to_reading();
// From then on: memory, the descriptors that are open, and its own end.
void confine_to_computing();

}  // namespace opi::plugins
