#pragma once
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "file_descriptor.hpp"

namespace opi::file_secrets {

// What a symbolic link led to has gone since: whoever swaps directories has just done so. Look again.
class Moved : public std::exception {};

// The directories from the root to where one is, held open.
using Place = std::vector<std::shared_ptr<const FileDescriptor>>;

struct OpenFile {
  FileDescriptor file;
  struct stat status;
};

// What stands below a root, reached step by step, each step judged: nothing that a user without a part in it could have
// put there or changed. Symbolic links are followed while they stay below the root. It is our own walk, not the
// kernel's (openat2), because each directory on the way is judged, and because containers are found that know no
// openat2.
//
// Accepted are: owners among those given; directories that neither group nor others can write, unless they are sticky;
// regular files that neither can write, and that others can read only where kubelet, a CSI driver or systemd keep them,
// in memory (tmpfs, ramfs).
class Tree {
 public:
  static constexpr int max_links = 40;

  // Throws sdk::Failure if the root cannot be used, as everything here does.
  Tree(const std::string& root, const std::set<uid_t>& owners);

  // The directory of these names below `from`; nullopt: there is none. Throws Moved.
  [[nodiscard]] std::optional<Place> directory(Place from, std::span<const std::string> names) const;
  [[nodiscard]] std::optional<OpenFile> file(Place from, const std::string& name) const;
  [[nodiscard]] const Place& root() const { return root_; }

 private:
  struct Walk;
  bool step(Walk& walk) const;
  void follow(Walk& walk, const FileDescriptor& link, const struct stat& status) const;
  [[nodiscard]] OpenFile open_file(const Walk& walk, const std::string& name) const;
  void judge(const struct stat& status, const std::string& what, mode_t forbidden) const;

  const std::set<uid_t>& owners_;
  Place root_;
};

}  // namespace opi::file_secrets
