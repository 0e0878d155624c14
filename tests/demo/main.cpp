#include <iostream>

#include "demo.hpp"

namespace {

constexpr int exit_differences = 1, exit_not_played = 2, exit_interrupted = 130;

int play(const opi::demo::Options& options) {
  using namespace opi::demo;
  const Interruption interruption;
  const auto terminal = Terminal::of_standard_output();
  Demo demo(options, interruption, terminal, std::cout);
  try {
    const bool good = demo.play();
    std::cout << "\n"
              << (good ? terminal.paint(Style::good, "Everything is as the scenario expects.")
                       : terminal.paint(Style::bad, "Not everything is as the scenario expects; see above."))
              << "\n";
    demo.leave(good);
    return good ? 0 : exit_differences;
  } catch (const Interrupted&) {
    std::cout << "\n  interrupted; draining" << std::endl;
    demo.stop_early();
    demo.leave(false);
    return exit_interrupted;
  } catch (const std::exception& failure) {
    std::cerr << "opi-demo: " << failure.what() << std::endl;
    demo.stop_early();
    demo.leave(false);
    return exit_not_played;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = opi::demo::parse_options(argc, argv);
    return options ? play(*options) : 0;
  } catch (const std::exception& failure) {
    std::cerr << "opi-demo: " << failure.what() << std::endl;
    return exit_not_played;
  }
}
