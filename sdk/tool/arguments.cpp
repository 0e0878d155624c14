#include "arguments.hpp"

#include <algorithm>
#include <charconv>

#include "failure.hpp"

namespace opi::tool {

Arguments::Arguments(const std::vector<std::string>& words, const std::vector<OptionRule>& rules) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (!word.starts_with("--")) {
      positional_.push_back(word);
      continue;
    }
    const auto name = word.substr(0, word.find('='));
    const auto rule = std::ranges::find(rules, std::string_view{name}, &OptionRule::name);
    if (rule == rules.end()) throw Failure(name + ": there is no such option");
    if (!rule->repeats && values_.contains(name)) throw Failure(name + ": is given twice");
    auto& values = values_[name];
    if (name.size() != word.size()) {
      if (!rule->takes_value) throw Failure(name + ": takes no value");
      values.push_back(word.substr(name.size() + 1));
    } else if (rule->takes_value) {
      if (++i == words.size()) throw Failure(name + ": needs a value");
      values.push_back(words[i]);
    }
  }
}

std::optional<std::string> Arguments::get(std::string_view option) const {
  const auto found = values_.find(option);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.front();
}

std::vector<std::string> Arguments::all(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::uint64_t Arguments::number(std::string_view option, std::uint64_t otherwise, std::uint64_t least,
                                std::uint64_t most) const {
  const auto text = get(option);
  return text ? number_of(option, *text, least, most) : otherwise;
}

std::uint64_t number_of(std::string_view what, std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    throw Failure(std::string(what) + ": is not a number from " + std::to_string(least) + " to " +
                  std::to_string(most));
  return value;
}

}  // namespace opi::tool
