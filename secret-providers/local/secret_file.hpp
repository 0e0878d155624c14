#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace opi::local_secrets {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// A file that holds one value, opened and judged: a regular file of root or this user, not open to others, reached
// without a symbolic link below the root, in directories that others cannot write; 1 to max_bytes bytes, not counting
// one newline at the end.
class SecretFile {
 public:
  static constexpr std::uint64_t max_bytes = 64 * 1024;

  // The file <root>/<segments...>. nullopt: it does not exist. Throws sdk::Failure, whose text names the fault and the
  // place in the path by its depth, never a segment.
  static std::optional<SecretFile> open(const std::string& root, std::span<const std::string> segments);

  [[nodiscard]] std::size_t size() const { return size_; }
  // Changes when the file is written or replaced; says nothing about its content.
  [[nodiscard]] std::string stamp() const;
  // Reads size() bytes into memory. Throws sdk::Failure (BUSY) if the file changed meanwhile.
  void read_into(std::span<std::uint8_t> memory) const;

 private:
  SecretFile(FileDescriptor file, std::size_t size, std::uint64_t inode, std::int64_t modified_ns)
      : file_(std::move(file)), size_(size), inode_(inode), modified_ns_(modified_ns) {}

  FileDescriptor file_;
  std::size_t size_;
  std::uint64_t inode_;
  std::int64_t modified_ns_;
};

}  // namespace opi::local_secrets
