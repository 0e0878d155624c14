#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opi::tool {

// An option of a subcommand: "--seed N" takes a value, "--update" is a flag.
struct OptionRule {
  std::string_view name;  // with its dashes
  bool takes_value = true;
  bool repeats = false;
};

// The words of a subcommand: positional ones, and options by name. Options may stand anywhere.
class Arguments {
 public:
  // Throws Failure that names the word which is wrong.
  Arguments(const std::vector<std::string>& words, const std::vector<OptionRule>& rules);

  [[nodiscard]] const std::vector<std::string>& positional() const { return positional_; }
  [[nodiscard]] bool has(std::string_view option) const { return values_.contains(option); }
  [[nodiscard]] std::optional<std::string> get(std::string_view option) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view option) const;
  // Throws Failure unless the value is a number from `least` to `most`.
  [[nodiscard]] std::uint64_t number(std::string_view option, std::uint64_t otherwise, std::uint64_t least,
                                     std::uint64_t most) const;

 private:
  std::vector<std::string> positional_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// The whole of `text` as a number from `least` to `most`; throws Failure that says it is about `what`.
std::uint64_t number_of(std::string_view what, std::string_view text, std::uint64_t least, std::uint64_t most);

}  // namespace opi::tool
