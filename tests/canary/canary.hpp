#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace opi::canary_test {

// A value that nobody else can have: 32 random bytes in base64url.
std::string unique_value();

// RFC 4648, padded.
std::string base64(std::string_view bytes);

// How a value may look where it turns up: as it is, in hex, percent-encoded, and in base64 and base64url wherever it
// stands within what was encoded.
std::vector<std::string> forms_of(std::string_view value);

// Looks for values that must be nowhere.
class Search {
 public:
  void plant(const std::string& name, const std::string& value);

  // "<name> in <place>: …" for each value that `text` holds in any form, with the text around it.
  [[nodiscard]] std::vector<std::string> find_in(const std::string& place, std::string_view text) const;

 private:
  struct Planted {
    std::string name;
    std::vector<std::string> forms;
  };
  std::vector<Planted> planted_;
};

}  // namespace opi::canary_test
