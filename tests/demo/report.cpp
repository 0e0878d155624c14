#include "report.hpp"

#include <array>
#include <optional>
#include <vector>

namespace opi::demo {
namespace {

constexpr std::size_t name_columns = 14, most_part_columns = 13;

struct Column {
  const char *first, *second;  // lines of the heading
  std::size_t columns;
  Style style;  // of numbers other than zero
};
constexpr std::array<Column, 10> numbers{{{"deliv-", "ered", 7, Style::good},
                                          {"re-", "tried", 6, Style::busy},
                                          {"", "failed", 7, Style::bad},
                                          {"dead", "letter", 7, Style::bad},
                                          {"wait-", "ing", 6, Style::busy},
                                          {"at-", "tempts", 7, Style::plain},
                                          {"p50", "ms", 6, Style::plain},
                                          {"p95", "ms", 6, Style::plain},
                                          {"", "dup.", 5, Style::bad},
                                          {"bad", "sig.", 5, Style::bad}}};
constexpr int columns_with_part = 96;    // a narrower terminal goes without what the receiver plays
constexpr int columns_with_space = 106;  // a wider one has room between the columns

// Nullopt: there is nothing to tell.
using Row = std::array<std::optional<std::int64_t>, numbers.size()>;

std::size_t columns_of(const Column& column, const Terminal& terminal) {
  return column.columns + (terminal.columns >= columns_with_space ? 1 : 0);
}

std::string line_of(const Terminal& terminal, const Row& row) {
  std::string line;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool empty = !row[i] || *row[i] == 0;
    line += terminal.paint(empty ? Style::dim : numbers[i].style,
                           right(empty ? "-" : std::to_string(*row[i]), columns_of(numbers[i], terminal)));
  }
  return line;
}

Row row_of(const std::vector<ShownDelivery>& deliveries, const ReceivedCounts& received) {
  const Tally tally = tally_of(deliveries);
  const auto latency = latency_of(deliveries);
  Row row{tally.delivered, tally.retried, tally.failed, tally.dead_lettered, tally.waiting, tally.attempts};
  if (latency) row[6] = latency->p50, row[7] = latency->p95;
  row[8] = received.duplicates;
  row[9] = received.bad_signatures + received.outside_window;
  return row;
}

}  // namespace

void print_report(std::ostream& out, const Terminal& terminal, const Scenario& scenario, const Deliveries& deliveries,
                  const std::map<std::string, ReceivedCounts>& received) {
  const std::size_t part_columns = terminal.columns >= columns_with_part ? most_part_columns : 0;
  const auto part = [&](std::string_view text) {
    return left(part_columns > 0 ? "  " + std::string(text) : "", part_columns);
  };
  std::string first = "    " + left("", name_columns) + part(""),
              second = "    " + left("destination", name_columns) + part("receiver");
  for (const auto& column : numbers) {
    first += right(column.first, columns_of(column, terminal));
    second += right(column.second, columns_of(column, terminal));
  }
  std::string rule;
  for (std::size_t i = 2; i < width(second); ++i) rule += terminal.unicode ? "─" : "-";
  out << terminal.paint(Style::dim, first) << "\n" << terminal.paint(Style::dim, second) << "\n";

  std::vector<ShownDelivery> all;
  ReceivedCounts all_received;
  std::string tenant;
  for (const auto& destination : scenario.destinations) {
    if (destination.tenant != tenant) out << "  " << terminal.paint(Style::bold, tenant = destination.tenant) << "\n";
    const auto found = deliveries.find(destination.id);
    const auto own = found == deliveries.end() ? std::vector<ShownDelivery>{} : found->second;
    const auto at_receiver = received.find(destination.path);
    const auto counts = at_receiver == received.end() ? ReceivedCounts{} : at_receiver->second;
    out << "    " << left(destination.name, name_columns) << terminal.paint(Style::dim, part(destination.part))
        << line_of(terminal, row_of(own, counts)) << "\n";
    all.insert(all.end(), own.begin(), own.end());
    all_received.duplicates += counts.duplicates;
    all_received.bad_signatures += counts.bad_signatures;
    all_received.outside_window += counts.outside_window;
  }
  out << "  " << terminal.paint(Style::dim, rule) << "\n";
  out << "    " << left("all", name_columns) << part("") << line_of(terminal, row_of(all, all_received)) << std::endl;
}

}  // namespace opi::demo
