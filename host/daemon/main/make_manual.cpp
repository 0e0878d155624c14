#include <iostream>
#include <string_view>

#include "daemon/manual_pages.hpp"

// Writes integrationsd(8), or with "configuration" integrationsd.conf(5).
int main(int argc, char** argv) {
  const bool configuration = argc > 1 && std::string_view(argv[1]) == "configuration";
  std::cout << (configuration ? opi::daemon::configuration_manual() : opi::daemon::daemon_manual());
  return std::cout.flush() ? 0 : 1;
}
