#include "plugins/seccomp_listener.hpp"

#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <system_error>

namespace opi::plugins {
namespace {

// False: the process was killed or interrupted meanwhile.
bool receive(int listener, seccomp_notif& asked) {
  asked = {};  // the kernel wants it empty
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0) return true;
  if (errno == ENOENT || errno == EINTR) return false;
  throw std::system_error(errno, std::generic_category(), "SECCOMP_IOCTL_NOTIF_RECV");
}

}  // namespace

void SeccompListener::allow() {
  seccomp_notif asked;
  if (!receive(listener_.get(), asked)) return;
  seccomp_notif_resp answer{};
  answer.id = asked.id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0 && errno != ENOENT)
    throw std::system_error(errno, std::generic_category(), "SECCOMP_IOCTL_NOTIF_SEND");
}

std::optional<int> SeccompListener::asked() {
  seccomp_notif asked;
  return receive(listener_.get(), asked) ? std::optional(asked.data.nr) : std::nullopt;
}

}  // namespace opi::plugins
