#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tree.hpp"

namespace opi::file_secrets {

// The files of one secret as they were at one moment: opened twice, until two looks see the same directory and the same
// files. So no answer mixes two versions, whether a directory was swapped (kubelet, CSI driver) or files were renamed
// one by one, and a key that is missing is missing, not swept away with the version before.
class Snapshot {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int max_looks = 200;

  // `directories` below the root, `files` in the last of them. Throws sdk::Failure: NOT_FOUND without the directory,
  // BUSY if it never stands still.
  static Snapshot take(const Tree& tree, std::span<const std::string> directories, std::span<const std::string> files,
                       Clock::time_point deadline);

  // nullptr: there is no such file.
  [[nodiscard]] const OpenFile* file(std::size_t i) const { return files_[i] ? &*files_[i] : nullptr; }
  // Changes when a file is written, replaced, comes or goes; says nothing about what is in it.
  [[nodiscard]] std::string version(std::span<const std::string> files) const;
  // Whether kubelet's writer has left something half done for a minute in a directory on the way: it updates that
  // volume no more.
  [[nodiscard]] bool is_stuck() const;

 private:
  static Snapshot look(const Tree& tree, std::span<const std::string> directories, std::span<const std::string> files);
  [[nodiscard]] bool is_same_as(const Snapshot& other) const;

  Place place_;
  std::vector<std::optional<OpenFile>> files_;
};

// Reads the value of an opened file. Throws sdk::Failure (BUSY) if it has changed since.
void read_whole(const OpenFile& open, std::span<std::uint8_t> memory);
// Whether the file ends with a newline.
bool ends_with_newline(const OpenFile& open);

}  // namespace opi::file_secrets
