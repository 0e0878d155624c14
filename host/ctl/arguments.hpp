#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ctl/command.hpp"
#include "domain/ids.hpp"

namespace opi::ctl {

// What was given to a command, all of it known to the table.
class Arguments {
 public:
  Arguments() = default;
  Arguments(const Command& command, std::map<std::string, std::string> values)
      : command_(&command), values_(std::move(values)) {}

  // By an option's name or a positional's; flags hold "".
  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  [[nodiscard]] std::string get(const std::string& name, const std::string& otherwise = {}) const;
  [[nodiscard]] Arguments with(const std::string& name, const std::string& value) const {
    Arguments more = *this;
    more.values_[name] = value;
    return more;
  }
  [[nodiscard]] const Command& command() const { return *command_; }

  // Throws Failure (usage) that names the option.
  [[nodiscard]] TenantId tenant() const;
  [[nodiscard]] std::optional<std::int64_t> number(const std::string& name, std::int64_t least,
                                                   std::int64_t most) const;
  // Of --if-match.
  [[nodiscard]] std::optional<std::int64_t> revision() const;

  // What of the options is sent as the query, by the API's names.
  [[nodiscard]] std::map<std::string, std::string> query() const;
  // The same as members of a document: texts.
  [[nodiscard]] boost::json::object texts(Option::Use use) const;

 private:
  const Command* command_ = nullptr;
  std::map<std::string, std::string> values_;
};

// "destination-id" as the API says it: "destination_id".
std::string api_name(std::string_view option);

// A whole command line.
struct Invocation {
  const Command* command = nullptr;  // null: help or version of the program
  std::string words;                 // what was taken for its name
  Arguments arguments;
  std::string config_file;  // empty: none
  std::vector<std::string> settings;
  bool json = false, help = false, version = false;
};

// `words` are argv without the program. Throws Failure (usage) with what is wrong.
Invocation parse(const std::vector<std::string>& words);

}  // namespace opi::ctl
