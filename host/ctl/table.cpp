#include "ctl/table.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <ostream>

#include "ctl/plain_text.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

std::string text_of(const json::string& text) { return {text.data(), text.size()}; }

const json::value& member_of(const json::object& row, std::string_view path) {
  static const json::value nothing;
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  const auto* value = row.if_contains({name.data(), name.size()});
  if (value == nullptr) return nothing;
  if (dot == std::string_view::npos) return *value;
  return value->is_object() ? member_of(value->get_object(), path.substr(dot + 1)) : nothing;
}

void pad(std::ostream& out, const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  out << (right ? space + text : text + space);
}

// Of an object inside a list: "purpose=signing version=1 …".
std::string one_line(const json::object& object) {
  std::string line;
  for (const auto& member : object)
    line += (line.empty() ? "" : " ") + plain({member.key().data(), member.key().size()}) + "=" + cell(member.value());
  return line;
}

struct Line {
  std::string name, value;
};

void collect(const std::string& prefix, const json::object& object, std::vector<Line>& lines) {
  for (const auto& member : object) {
    const auto name = prefix + plain({member.key().data(), member.key().size()});
    const auto& value = member.value();
    const bool of_objects = value.is_array() && !value.get_array().empty() && value.get_array().front().is_object();
    if (value.is_object() && !value.get_object().empty())
      collect(name + ".", value.get_object(), lines);
    else if (of_objects)
      for (const auto& item : value.get_array()) lines.push_back({name, one_line(item.as_object())});
    else
      lines.push_back({name, cell(value)});
  }
}

}  // namespace

std::string cell(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "-";
    case json::kind::bool_: return value.get_bool() ? "yes" : "no";
    case json::kind::string: return value.get_string().empty() ? "-" : plain(text_of(value.get_string()));
    case json::kind::array: {
      std::string list;
      for (const auto& item : value.get_array()) list += (list.empty() ? "" : ",") + cell(item);
      return list.empty() ? "-" : list;
    }
    case json::kind::double_: {
      std::array<char, 64> text;
      const auto end = std::to_chars(text.data(), text.data() + text.size(), value.get_double()).ptr;
      return {text.data(), end};
    }
    default: return plain(json::serialize(value));
  }
}

void print_table(std::ostream& out, const std::vector<Column>& columns, const json::array& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> text(columns.size()), numbers(columns.size());
  std::vector<std::vector<std::string>> cells;
  for (const auto& column : columns) widths.push_back(width_of(column.title));
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& value = member_of(row.as_object(), columns[i].member);
      line.push_back(cell(value));
      widths[i] = std::max(widths[i], width_of(line.back()));
      (value.is_number() ? numbers : text)[i] = (value.is_number() ? numbers : text)[i] || !value.is_null();
    }
  }
  const auto print_line = [&](const auto& cell_at) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool last = i + 1 == columns.size(), right = numbers[i] && !text[i];
      pad(out, cell_at(i), last && !right ? 0 : widths[i], right);
      out << (last ? "\n" : "  ");
    }
  };
  print_line([&](std::size_t i) { return std::string(columns[i].title); });
  for (const auto& line : cells) print_line([&](std::size_t i) { return line[i]; });
}

void print_members(std::ostream& out, const json::object& object) {
  std::vector<Line> lines;
  collect("", object, lines);
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, width_of(line.name));
  for (const auto& line : lines) {
    pad(out, line.name, width, false);
    out << "  " << line.value << "\n";
  }
}

void print_json(Context& context, const json::object& document) { context.out() << json::serialize(document) << "\n"; }

int show(Context& context, const Answer& answer) {
  if (context.json()) {
    print_json(context, answer.body);
  } else {
    auto shown = answer.body;
    if (answer.revision) shown["revision"] = *answer.revision;
    print_members(context.out(), shown);
  }
  return exit_ok;
}

int list(Context& context, const Arguments& arguments, const std::string& path, const char* member,
         const std::vector<Column>& columns) {
  auto query = arguments.query();
  if (arguments.has("all")) query.try_emplace("limit", "200");
  auto page = call(context, arguments, {"GET", path, query}).body;
  while (arguments.has("all") && !page["next_cursor"].is_null()) {
    query["cursor"] = text_of(page["next_cursor"].as_string());
    auto next = call(context, arguments, {"GET", path, query}).body;
    for (auto& row : next[member].as_array()) page[member].as_array().push_back(std::move(row));
    for (const char* cursor : {"next_cursor", "resume_cursor"})
      if (next.contains(cursor)) page[cursor] = next[cursor];
  }
  if (context.json()) {
    print_json(context, page);
    return exit_ok;
  }
  print_table(context.out(), columns, page[member].as_array());
  if (!page["next_cursor"].is_null())
    context.err() << "there is more: --cursor " << cell(page["next_cursor"]) << ", or --all\n";
  return exit_ok;
}

int tell(Context& context, const json::object& document, const std::string& sentence) {
  if (context.json())
    print_json(context, document);
  else
    context.out() << sentence << "\n";
  return exit_ok;
}

}  // namespace opi::ctl
