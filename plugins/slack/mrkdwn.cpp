#include "mrkdwn.hpp"

#include <algorithm>
#include <opi/kit/fitted.hpp>

namespace opi::slack {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string on_one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '\n', ' ');
  return out;
}

}  // namespace

std::string mrkdwn(std::string_view text, std::size_t limit) { return kit::fitted(text, limit, escaped); }

std::string mrkdwn_line(std::string_view text, std::size_t limit) { return mrkdwn(on_one_line(text), limit); }

std::string plain_line(std::string_view text, std::size_t limit) { return kit::fitted(text, limit, on_one_line); }

}  // namespace opi::slack
