#pragma once
#include <array>
#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include "scenario.hpp"
#include "tally.hpp"
#include "terminal.hpp"

namespace opi::demo {

struct Moment {
  std::chrono::milliseconds elapsed{0};
  int events_published = 0;
  int breakers_open = 0;
};

// Counts of deliveries by state while the story runs: a picture that is redrawn in place on a terminal, elsewhere a
// line for each change.
class Progress {
 public:
  // All outlive it.
  Progress(const Terminal& terminal, const Scenario& scenario, std::ostream& out);
  ~Progress();  // takes the picture away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const Moment& moment, const Deliveries& deliveries);

 private:
  using Counts = std::array<int, all_delivery_states.size()>;

  [[nodiscard]] static Counts count(const std::vector<ShownDelivery>& deliveries);
  [[nodiscard]] std::vector<std::string> picture(const Moment& moment, const Deliveries& deliveries) const;
  [[nodiscard]] std::string row(const DemoDestination& destination, const Counts& counts) const;
  [[nodiscard]] std::string bar(const Counts& counts, int total) const;
  [[nodiscard]] std::string numbers(const Counts& counts) const;
  void redraw(const std::vector<std::string>& lines);
  void print_change(const Moment& moment, const Counts& total);

  const Terminal& terminal_;
  const Scenario& scenario_;
  std::ostream& out_;
  std::size_t drawn_lines_ = 0;
  std::string last_change_;
};

}  // namespace opi::demo
