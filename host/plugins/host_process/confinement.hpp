#pragma once
#include <cstdint>

#include "plugins/reach.hpp"

// What a plugin's process can do less and less of. Everything here ends the process if it cannot be had: a plugin must
// not run in a weaker sandbox than the operator believes.
namespace opi::plugins {

// From the start: no polite signal ends it, no new privileges and none that it has, no core, no file grows, the
// daemon's death is this process's, no environment, and the daemon goes first where both want the processor.
void limit_resources();
// So many descriptors, so much locked memory, and so much address space, at most.
void limit_to(const Reach& reach, std::uint64_t memory_bytes);

// Before the library is opened, for good: memory, the descriptors that are open, its own end, and what is in reach;
// nobody of the same user may look into the process. What opening a library needs beside that, reading files and
// mapping code, the kernel asks the daemon for, call by call: it says yes until it has heard that the plugin has
// started, whoever said so. Returns the descriptor over which it is asked, for the daemon; -1 where sanitizers need
// what confinement forbids.
int confine(const Reach& reach);
// Where the kernel has Landlock, of all files only the system's libraries, the plugin's file `image` and what is in
// reach can be read; false: it has not.
bool confine_reading(int image, const Reach& reach);

}  // namespace opi::plugins
