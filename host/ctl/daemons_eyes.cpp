#include "ctl/daemons_eyes.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace opi::ctl {
namespace {

// The groups that systemd would give it; an owner without an entry has the folder's alone.
bool take_groups(const struct stat& folder) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const bool known = ::getpwuid_r(folder.st_uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  const gid_t group = known ? entry.pw_gid : folder.st_gid;
  return (known ? ::initgroups(entry.pw_name, group) : ::setgroups(0, nullptr)) == 0 &&
         ::setresgid(group, group, group) == 0;
}

}  // namespace

void look_with_the_daemons_eyes(const configuration::Configuration& configuration) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(configuration.state_directory.c_str(), &folder) != 0 || folder.st_uid == 0) return;
  if (!take_groups(folder) || ::setresuid(folder.st_uid, folder.st_uid, folder.st_uid) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "cannot look as the owner of " + configuration.state_directory);
}

}  // namespace opi::ctl
