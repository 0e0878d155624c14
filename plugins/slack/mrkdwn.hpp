#pragma once
#include <string>
#include <string_view>

namespace opi::slack {

// A payload's text in Slack's markup: & < > escaped, so that it can neither link nor mention (<!channel>, <@U…>). Cut
// to at most `limit` characters after escaping.
std::string mrkdwn(std::string_view text, std::size_t limit);
std::string mrkdwn_line(std::string_view text, std::size_t limit);

// For plain_text objects, where nothing is markup, on one line.
std::string plain_line(std::string_view text, std::size_t limit);

}  // namespace opi::slack
