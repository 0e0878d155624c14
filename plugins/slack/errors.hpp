#pragma once
#include <chrono>
#include <opi/plugin.hpp>
#include <string>
#include <string_view>

namespace opi::slack {

// The verdict for an error code of Slack: of the Web API's "error", or the text of an incoming webhook's answer. A
// code that is not known rejects, since Slack names what is passing by codes of its own.
sdk::Verdict verdict_of_error(std::string_view code, std::chrono::milliseconds retry_after);

// A code as it may stand in a detail, since it may be anything: "Slack answered not_reactable".
std::string answer_of(std::string_view code);

bool is_known_error(std::string_view code);

// Whether the code says that the thread takes no replies, while its channel may well take the message.
bool refuses_thread(std::string_view code);

// Whether trying again cannot help, even with another credential.
bool is_final(std::string_view code);

}  // namespace opi::slack
