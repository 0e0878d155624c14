#include "snapshot.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <numeric>
#include <opi/plugin.hpp>
#include <thread>

namespace opi::file_secrets {
namespace {

using sdk::Failure;

constexpr std::int64_t second_ns = 1'000'000'000;
// Two writes within one tick of the kernel's clock leave the same time.
constexpr std::int64_t clock_tick_ns = 20'000'000;
constexpr std::int64_t stuck_after_ns = 60 * second_ns;
constexpr int looks_without_pause = 20;

const std::string kubelet_data = "..data";
constexpr const char* kubelet_half_done = "..data_tmp";

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * second_ns + time.tv_nsec; }

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

using Stamp = std::array<std::int64_t, 5>;

Stamp stamp_of(const struct stat& status) {
  return {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
          nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), static_cast<std::int64_t>(status.st_size)};
}

bool is_same_directory(const FileDescriptor& one, const FileDescriptor& other) {
  struct stat a {
  }, b{};
  return ::fstat(one.get(), &a) == 0 && ::fstat(other.get(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// FNV-1a, 64 bits: short however many keys there are.
class Digest {
 public:
  void add(std::string_view text) {
    for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  [[nodiscard]] std::string text() const { return std::to_string(hash_); }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace

Snapshot Snapshot::take(const Tree& tree, std::span<const std::string> directories, std::span<const std::string> files,
                        Clock::time_point deadline) {
  std::optional<Snapshot> before;
  for (int looks = 0; looks < max_looks; ++looks) {
    if (looks > looks_without_pause) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    if (Clock::now() >= deadline) break;
    try {
      auto now = look(tree, directories, files);
      if (before && before->is_same_as(now)) return std::move(*before);
      before.emplace(std::move(now));
    } catch (const Moved&) {
      before.reset();
    }
  }
  throw Failure(OPI_E_BUSY, "the directory of the secret keeps changing, or a symbolic link in it leads to nothing");
}

Snapshot Snapshot::look(const Tree& tree, std::span<const std::string> directories,
                        std::span<const std::string> files) {
  auto place = tree.directory(tree.root(), directories);
  if (!place) throw Failure(OPI_E_NOT_FOUND, "there is no directory of that secret");
  // One handle on the version that kubelet shows now: the links beside it may lead to the next one a moment later.
  if (auto data = tree.directory(*place, {&kubelet_data, 1})) place = std::move(data);
  Snapshot seen;
  for (const auto& name : files) seen.files_.push_back(tree.file(*place, name));
  seen.place_ = std::move(*place);
  return seen;
}

bool Snapshot::is_same_as(const Snapshot& other) const {
  return is_same_directory(*place_.back(), *other.place_.back()) &&
         std::ranges::equal(files_, other.files_, [](const auto& one, const auto& another) {
           return one.has_value() == another.has_value() &&
                  (!one || stamp_of(one->status) == stamp_of(another->status));
         });
}

std::string Snapshot::version(std::span<const std::string> files) const {
  // The order in which keys are asked for is nobody's change.
  std::vector<std::size_t> order(files.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return files[i]; });
  Digest digest;
  bool settled = true;
  for (const auto i : order) {
    digest.add(files[i] + "/");
    if (!files_[i]) continue;
    for (const auto number : stamp_of(files_[i]->status)) digest.add(std::to_string(number) + ".");
    settled = settled && now_ns() - nanoseconds(files_[i]->status.st_ctim) > clock_tick_ns;
  }
  // Written just now: another write may leave the same stamp, so that this version must not be taken for it.
  return digest.text() + (settled ? "" : "~" + std::to_string(now_ns()));
}

bool Snapshot::is_stuck() const {
  return std::ranges::any_of(place_, [](const auto& directory) {
    struct stat status {};
    return ::fstatat(directory->get(), kubelet_half_done, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           now_ns() - nanoseconds(status.st_mtim) > stuck_after_ns;
  });
}

void read_whole(const OpenFile& open, std::span<std::uint8_t> memory) {
  std::size_t done = 0;
  while (done < memory.size()) {
    const auto n = ::pread(open.file.get(), memory.data() + done, memory.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw Failure(OPI_E_FAILED, std::string("the file of the secret cannot be read: ") + std::strerror(errno));
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  struct stat after {};
  if (done < memory.size() || ::fstat(open.file.get(), &after) != 0 || after.st_size != open.status.st_size ||
      nanoseconds(after.st_mtim) != nanoseconds(open.status.st_mtim))
    throw Failure(OPI_E_BUSY, "the file of the secret changed while it was read");
}

bool ends_with_newline(const OpenFile& open) {
  char end = '\0';
  return open.status.st_size > 0 && ::pread(open.file.get(), &end, 1, open.status.st_size - 1) == 1 && end == '\n';
}

}  // namespace opi::file_secrets
