#include <iostream>

#include "ctl/completion.hpp"
#include "ctl/manual_page.hpp"

// Writes what an installation has of integrationsctl beside the program: its manual page, or with "completion" the
// script for bash.
int main(int argc, char** argv) {
  const bool completion = argc > 1 && std::string_view(argv[1]) == "completion";
  std::cout << (completion ? opi::ctl::bash_completion() : opi::ctl::manual_page());
  return std::cout.flush() ? 0 : 1;
}
