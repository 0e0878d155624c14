#include "ctl/reference_input.hpp"

#include <istream>

#include "ctl/failure.hpp"

namespace opi::ctl {

std::string reference_of(Context& context, const std::string& given) {
  constexpr std::size_t max_bytes = 64 * 1024;
  std::string reference = given;
  if (given == "-") {
    reference.clear();
    for (char c = 0; context.in().get(c) && c != '\n' && reference.size() < max_bytes;) reference += c;
    if (!reference.empty() && reference.back() == '\r') reference.pop_back();
  }
  if (reference.empty())
    throw failure(exit_data, "invalid-content", "The content is not valid", "the reference is empty");
  return reference;
}

}  // namespace opi::ctl
