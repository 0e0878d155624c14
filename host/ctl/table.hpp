#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/api_call.hpp"
#include "ctl/exit_code.hpp"

namespace opi::ctl {

struct Column {
  std::string_view title;
  std::string_view member;  // of a row's object; "plugin.version" for one inside another
};

// Rows under aligned titles; numbers are aligned to the right, null is "-", a list is its items with commas between.
void print_table(std::ostream& out, const std::vector<Column>& columns, const boost::json::array& rows);
// The members of one thing, a line each: "name  value", "plugin.version  1.0"; objects of a list become a line each.
void print_members(std::ostream& out, const boost::json::object& object);
// A value as a cell shows it, harmless to a terminal.
std::string cell(const boost::json::value& value);

// What a command that shows one thing prints: the document with --json, else its members and its revision.
int show(Context& context, const Answer& answer);
// What a command that lists prints: the pages of `path`, whose rows are in `member`; with --all all of them.
int list(Context& context, const Arguments& arguments, const std::string& path, const char* member,
         const std::vector<Column>& columns);
// The document with --json, else the sentence.
int tell(Context& context, const boost::json::object& document, const std::string& sentence);
void print_json(Context& context, const boost::json::object& document);

}  // namespace opi::ctl
