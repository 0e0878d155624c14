#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "private_buffer.hpp"

namespace opi::kubernetes {

// Tells one content of a file from another: device, inode, size, times. All zero: there is no such file.
using FileStamp = std::array<std::int64_t, 5>;
FileStamp stamp_of(const std::string& file);

// The whole of a regular file that only root or the daemon's user can have written. Throws sdk::Failure, which calls it
// `what` and never repeats what is in it.
PrivateBuffer read_trusted_file(const std::string& file, const std::string& what);

}  // namespace opi::kubernetes
