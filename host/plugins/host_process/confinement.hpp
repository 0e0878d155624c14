#pragma once
#include <cstdint>

// What a plugin's process can do less and less of. Everything here ends the process if it cannot be had: a plugin must
// not run in a weaker sandbox than the operator believes.
namespace opi::plugins {

// From the start: no polite signal ends it, no new privileges, no core, no file grows, few descriptors, the daemon's
// death is this process's, no environment, and so much address space at most.
void limit_resources();
void limit_memory(std::uint64_t bytes);

// Before the library is opened, for good: memory, the descriptors that are open, and its own end; nobody of the same
// user may look into the process. What opening a library needs beside that, reading files and mapping code, the kernel
// asks the daemon for, call by call: it says yes until it has heard that the plugin has started, whoever said so.
// Returns the descriptor over which it is asked, for the daemon; -1 where sanitizers need what confinement forbids.
int confine();
// Where the kernel has Landlock, of all files only the system's libraries and the plugin's file `image` can be read;
// false: it has not.
bool confine_reading_to_libraries(int image);

}  // namespace opi::plugins
