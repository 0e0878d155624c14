#include "progress.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace opi::demo {
namespace {

constexpr std::size_t name_columns = 16, part_columns = 11, number_columns = 8, most_bar_columns = 32;
constexpr std::size_t fixed_columns = 4 + name_columns + part_columns + number_columns * all_delivery_states.size();
static_assert(fixed_columns < 80);  // what every terminal has
constexpr int spare_rows = 3;       // the prompt's and what was printed before

std::size_t index_of(DeliveryState state) {
  return static_cast<std::size_t>(std::ranges::find(all_delivery_states, state) - all_delivery_states.begin());
}

struct Look {
  const char* heading;
  Style style;
  const char* unicode;
  const char* ascii;
};

Look look_of(DeliveryState state) {
  switch (state) {
    case DeliveryState::pending: return {"pending", Style::dim, "·", "."};
    case DeliveryState::delivering: return {"sending", Style::busy, "▸", ">"};
    case DeliveryState::retry_scheduled: return {"retry", Style::busy, "░", "~"};
    case DeliveryState::delivered: return {"done", Style::good, "█", "#"};
    case DeliveryState::failed: return {"failed", Style::bad, "×", "x"};
    case DeliveryState::dead_lettered: return {"dead", Style::bad, "▒", "%"};
  }
  return {"", Style::plain, "", ""};
}

// From its end to its start, so that the bar grows from the left.
constexpr std::array bar_order{DeliveryState::delivered,  DeliveryState::failed,          DeliveryState::dead_lettered,
                               DeliveryState::delivering, DeliveryState::retry_scheduled, DeliveryState::pending};

std::size_t bar_columns(const Terminal& terminal) {
  const auto columns = static_cast<std::size_t>(std::max(0, terminal.columns));
  return columns > fixed_columns ? std::min(most_bar_columns, columns - fixed_columns - 1) : 0;
}

std::string seconds(std::chrono::milliseconds elapsed) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(elapsed.count()) / 1000 << " s";
  return text.str();
}

}  // namespace

Progress::Progress(const Terminal& terminal, const Scenario& scenario, std::ostream& out)
    : terminal_(terminal), scenario_(scenario), out_(out) {
  if (terminal_.redraws) out_ << "\x1b[?25l" << std::flush;  // no cursor
}

Progress::~Progress() {
  if (!terminal_.redraws) {
    out_ << std::endl;
    return;
  }
  if (drawn_lines_ > 0) out_ << "\x1b[" << drawn_lines_ << "A\r\x1b[J";
  out_ << "\x1b[?25h" << std::flush;
}

void Progress::show(const Moment& moment, const Deliveries& deliveries) {
  if (terminal_.redraws && terminal_.columns > static_cast<int>(fixed_columns))
    return redraw(picture(moment, deliveries));
  Counts total{};
  for (const auto& [id, list] : deliveries) {
    const auto counts = count(list);
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += counts[i];
  }
  print_change(moment, total);
}

Progress::Counts Progress::count(const std::vector<ShownDelivery>& deliveries) {
  Counts counts{};
  for (const auto& delivery : deliveries) ++counts[index_of(delivery.state)];
  return counts;
}

std::vector<std::string> Progress::picture(const Moment& moment, const Deliveries& deliveries) const {
  std::vector<std::string> lines;
  const auto bar_space = bar_columns(terminal_);
  std::string headings;
  for (const auto state : all_delivery_states) headings += right(look_of(state).heading, number_columns);
  lines.push_back(terminal_.paint(
      Style::dim, "  " + left("", name_columns + 2) + left("receiver", part_columns) + left("", bar_space) + headings));
  Counts total{};
  std::string tenant;
  for (const auto& destination : scenario_.destinations) {
    if (destination.tenant != tenant) lines.push_back("  " + terminal_.paint(Style::bold, tenant = destination.tenant));
    const auto found = deliveries.find(destination.id);
    const auto counts = found == deliveries.end() ? Counts{} : count(found->second);
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += counts[i];
    lines.push_back(row(destination, counts));
  }
  lines.push_back("  " + left("all", name_columns + 2) + left("", part_columns + bar_space) + numbers(total));
  std::string status = "  " + right(seconds(moment.elapsed), 7) + "   events " +
                       std::to_string(moment.events_published) + " of " + std::to_string(scenario_.events.size());
  if (moment.breakers_open > 0)
    status += "   circuit breakers open: " + terminal_.paint(Style::busy, std::to_string(moment.breakers_open));
  // A window too low for the picture gets the sums alone.
  if (static_cast<int>(lines.size()) + 2 + spare_rows > terminal_.rows) lines = {lines.front(), lines.back()};
  lines.insert(lines.begin(), {status, ""});
  return lines;
}

std::string Progress::row(const DemoDestination& destination, const Counts& counts) const {
  return "    " + left(destination.name, name_columns) +
         terminal_.paint(Style::dim, left(destination.part, part_columns)) +
         bar(counts, scenario_.subscribed_events(destination)) + numbers(counts);
}

// A character for each delivery, or for several if there are more than fit.
std::string Progress::bar(const Counts& counts, int total) const {
  const int columns = static_cast<int>(bar_columns(terminal_));
  const int scale = std::max(total, columns);
  std::string text;
  int seen = 0, used = 0;
  for (const auto state : bar_order) {
    seen += counts[index_of(state)];
    const int end = seen * columns / scale;
    const auto look = look_of(state);
    std::string part;
    for (; used < end; ++used) part += terminal_.unicode ? look.unicode : look.ascii;
    text += terminal_.paint(look.style, part);
  }
  return text + std::string(static_cast<std::size_t>(columns - used), ' ');
}

std::string Progress::numbers(const Counts& counts) const {
  std::string text;
  for (const auto state : all_delivery_states) {
    const int number = counts[index_of(state)];
    text += terminal_.paint(number == 0 ? Style::dim : look_of(state).style,
                            right(number == 0 ? "-" : std::to_string(number), number_columns));
  }
  return text;
}

void Progress::redraw(const std::vector<std::string>& lines) {
  std::string frame;
  if (drawn_lines_ > 0) frame += "\x1b[" + std::to_string(drawn_lines_) + "A\r";
  for (const auto& line : lines) frame += line + "\x1b[K\n";
  drawn_lines_ = lines.size();
  out_ << frame << std::flush;
}

void Progress::print_change(const Moment& moment, const Counts& total) {
  std::string change = "events " + std::to_string(moment.events_published);
  for (const auto state : all_delivery_states)
    change += "  " + std::string(to_string(state)) + " " + std::to_string(total[index_of(state)]);
  if (change == last_change_) return;
  last_change_ = change;
  out_ << "  " << right(seconds(moment.elapsed), 7) << "  " << change << std::endl;
}

}  // namespace opi::demo
