// opi-plugin-host: one plugin in a process of its own, which can do nothing but compute and talk to the daemon.
// Started by the daemon with descriptor 3 a socket to it and 4 the plugin's file; everything else is closed.
// What is said: plugins/frame.hpp. What it cannot do: confinement.hpp.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "plugins/host_process/confinement.hpp"
#include "plugins/host_process/served_plugin.hpp"

int main() {
  using namespace opi::plugins;
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(child_socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    constexpr char why[] = "opi-plugin-host: is started by integrationsd\n";
    (void)!::write(STDERR_FILENO, why, sizeof why - 1);
    return 64;
  }
  limit_resources();
  Channel channel(child_socket);
  // Outlives main: the process ends without the plugin's destructors, which nobody would wait for.
  auto& plugin = *new ServedPlugin(channel);
  try {
    for (;;) plugin.serve(channel.next_call());
  } catch (const BrokenFrame&) {
    std::_Exit(71);
  }
}
