#include "interruption.hpp"

#include <signal.h>

#include <cerrno>
#include <system_error>

namespace opi::demo {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

}  // namespace

Interruption::Interruption() {
  const auto signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a reader of our output that goes away must not skip the clean-up
}

void Interruption::pause(std::chrono::milliseconds duration) const {
  const auto signals = ending_signals();
  const auto deadline = std::chrono::steady_clock::now() + duration;
  for (;;) {
    const auto left = std::max(deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration{0});
    const auto whole = std::chrono::floor<std::chrono::seconds>(left);
    const timespec wait_for{static_cast<time_t>(whole.count()),
                            static_cast<long>(std::chrono::nanoseconds{left - whole}.count())};
    if (sigtimedwait(&signals, nullptr, &wait_for) > 0) throw Interrupted{};
    if (errno == EAGAIN) return;
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "sigtimedwait");
  }
}

void Interruption::wait() const {
  const auto signals = ending_signals();
  while (sigwaitinfo(&signals, nullptr) < 0)
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "sigwaitinfo");
}

}  // namespace opi::demo
