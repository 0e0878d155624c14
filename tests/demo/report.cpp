#include "report.hpp"

#include <array>
#include <vector>

namespace opi::demo {
namespace {

constexpr std::size_t name_columns = 16, part_columns = 11;

struct Column {
  const char *first, *second;  // lines of the heading
  std::size_t columns;
  Style style;  // of numbers other than zero
};
constexpr std::array<Column, 10> numbers{{{"", "delivered", 10, Style::good},
                                          {"", "retried", 9, Style::busy},
                                          {"", "failed", 8, Style::bad},
                                          {"dead-", "lettered", 10, Style::bad},
                                          {"", "waiting", 9, Style::busy},
                                          {"", "attempts", 10, Style::plain},
                                          {"p50", "ms", 8, Style::plain},
                                          {"p95", "ms", 8, Style::plain},
                                          {"dupli-", "cates", 8, Style::bad},
                                          {"bad sig-", "natures", 10, Style::bad}}};

// Nullopt: there is nothing to tell.
using Row = std::array<std::optional<std::int64_t>, numbers.size()>;

std::string line_of(const Terminal& terminal, const Row& row) {
  std::string line;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool empty = !row[i] || *row[i] == 0;
    line += terminal.paint(empty ? Style::dim : numbers[i].style,
                           right(empty ? "-" : std::to_string(*row[i]), numbers[i].columns));
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
  std::string first = "    " + left("", name_columns + part_columns),
              second = "    " + left("destination", name_columns) + left("receiver", part_columns);
  std::size_t columns = name_columns + part_columns + 2;
  for (const auto& column : numbers) {
    first += right(column.first, column.columns);
    second += right(column.second, column.columns);
    columns += column.columns;
  }
  std::string rule;
  for (std::size_t i = 0; i < columns; ++i) rule += terminal.unicode ? "─" : "-";
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
    out << "    " << left(destination.name, name_columns)
        << terminal.paint(Style::dim, left(destination.part, part_columns)) << line_of(terminal, row_of(own, counts))
        << "\n";
    all.insert(all.end(), own.begin(), own.end());
    all_received.duplicates += counts.duplicates;
    all_received.bad_signatures += counts.bad_signatures;
    all_received.outside_window += counts.outside_window;
  }
  out << "  " << terminal.paint(Style::dim, rule) << "\n";
  out << "    " << left("all", name_columns + part_columns) << line_of(terminal, row_of(all, all_received))
      << std::endl;
}

}  // namespace opi::demo
