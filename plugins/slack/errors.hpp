#pragma once
#include <chrono>
#include <opi/plugin.hpp>
#include <string_view>

namespace opi::slack {

// The verdict for an error code of Slack: of the Web API's "error", or the text of an incoming webhook's answer. A
// code that is not known rejects, since Slack names what is passing by codes of its own.
sdk::Verdict verdict_of_error(std::string_view code, std::chrono::milliseconds retry_after);

bool is_known_error(std::string_view code);

// Whether the code says that the thread takes no replies, while its channel may well take the message.
bool refuses_thread(std::string_view code);

}  // namespace opi::slack
