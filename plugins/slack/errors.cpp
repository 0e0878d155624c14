#include "errors.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "mrkdwn.hpp"

namespace opi::slack {
namespace {

enum class Kind { retry, throttle, auth, disable, reject };
struct Error {
  std::string_view code;
  Kind kind;
  std::string_view meaning;
};

// https://docs.slack.dev/reference/methods/chat.postMessage and
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
constexpr std::array errors{
    Error{"ratelimited", Kind::throttle, "Slack asks for fewer messages"},
    Error{"rate_limited", Kind::throttle, "Slack asks for fewer messages"},
    Error{"internal_error", Kind::retry, "Slack had a passing fault"},
    Error{"fatal_error", Kind::retry, "Slack had a fault"},
    Error{"rollup_error", Kind::retry, "Slack had a passing fault"},
    Error{"service_unavailable", Kind::retry, "Slack is not available for now"},
    Error{"request_timeout", Kind::retry, "Slack did not receive the whole request in time"},
    Error{"team_added_to_org", Kind::retry, "the workspace is being moved to an organisation"},
    Error{"invalid_auth", Kind::auth, "the token is not valid, or not from this address"},
    Error{"not_authed", Kind::auth, "the request carried no token"},
    Error{"token_revoked", Kind::auth, "the token is revoked"},
    Error{"token_expired", Kind::auth, "the token is expired"},
    Error{"account_inactive", Kind::auth, "the token's app or user is removed from the workspace"},
    Error{"invalid_token", Kind::auth, "the webhook's URL is not valid any more"},
    Error{"no_service", Kind::auth, "the webhook is removed, disabled or mistyped"},
    Error{"no_active_hooks", Kind::disable, "the app's webhooks are disabled"},
    Error{"no_team", Kind::disable, "the workspace does not exist"},
    Error{"team_disabled", Kind::disable, "the workspace is disabled"},
    Error{"channel_is_archived", Kind::disable, "the channel is archived"},
    Error{"is_archived", Kind::disable, "the channel is archived"},
    Error{"channel_not_found", Kind::reject, "the channel does not exist, or is private and the app is not in it"},
    Error{"not_in_channel", Kind::reject, "the app is not in the channel: invite it"},
    Error{"missing_scope", Kind::reject, "the token lacks the scope chat:write"},
    Error{"not_allowed_token_type", Kind::reject, "the token is not one of a bot or a user"},
    Error{"no_permission", Kind::reject, "the token lacks the permission to post"},
    Error{"access_denied", Kind::reject, "the token may not use the channel"},
    Error{"ekm_access_denied", Kind::reject, "an administrator has suspended posting"},
    Error{"team_access_not_granted", Kind::reject, "the app may not use the workspace"},
    Error{"restricted_action", Kind::reject, "a preference of the workspace forbids posting here"},
    Error{"restricted_action_read_only_channel", Kind::reject, "the channel is read-only"},
    Error{"restricted_action_thread_only_channel", Kind::reject, "the channel takes replies alone"},
    Error{"restricted_action_thread_locked", Kind::reject, "the thread is locked"},
    Error{"restricted_action_non_threadable_channel", Kind::reject, "the channel takes no replies"},
    Error{"cannot_reply_to_message", Kind::reject, "the message takes no replies"},
    Error{"thread_not_found", Kind::reject, "the thread's first message is gone"},
    Error{"message_not_found", Kind::reject, "the thread's first message is gone"},
    Error{"action_prohibited", Kind::reject, "an administrator forbids what was sent"},
    Error{"posting_to_general_channel_denied", Kind::reject, "posting to #general is restricted"},
    Error{"message_limit_exceeded", Kind::reject, "the workspace has no messages left"},
    Error{"user_not_found", Kind::reject, "the user does not exist"},
    Error{"msg_too_long", Kind::reject, "the message is too long"},
    Error{"msg_blocks_too_long", Kind::reject, "the message's blocks are too long"},
    Error{"too_many_attachments", Kind::reject, "the message has too many attachments"},
    Error{"no_text", Kind::reject, "the message has no text"},
    Error{"invalid_blocks", Kind::reject, "the message's blocks are not valid"},
    Error{"invalid_blocks_format", Kind::reject, "the message's blocks are not valid"},
    Error{"invalid_payload", Kind::reject, "the request is not valid"},
    Error{"invalid_arguments", Kind::reject, "the request is not valid"},
};

constexpr std::array<std::string_view, 5> thread_refusals{"thread_not_found", "message_not_found",
                                                          "cannot_reply_to_message", "restricted_action_thread_locked",
                                                          "restricted_action_non_threadable_channel"};

const Error* find(std::string_view code) {
  const auto* const found = std::ranges::find(errors, code, &Error::code);
  return found == errors.end() ? nullptr : found;
}

sdk::Verdict of(Kind kind, std::chrono::milliseconds retry_after) {
  switch (kind) {
    case Kind::retry: return sdk::Verdict::retry().retry_after(retry_after);
    case Kind::throttle: return sdk::Verdict::throttle().retry_after(retry_after);
    case Kind::auth: return sdk::Verdict::auth();
    case Kind::disable: return sdk::Verdict::disable();
    case Kind::reject: break;
  }
  return sdk::Verdict::reject();
}

}  // namespace

sdk::Verdict verdict_of_error(std::string_view code, std::chrono::milliseconds retry_after) {
  const auto* const known = find(code);
  if (known == nullptr) return sdk::Verdict::reject().reason("slack_error").detail(answer_of(code));
  return of(known->kind, retry_after)
      .reason(std::string(known->code))
      .detail(std::string(known->code) + ": " + std::string(known->meaning));
}

std::string answer_of(std::string_view code) {
  constexpr std::size_t enough = 100;
  return code.empty() ? "Slack answered without an error code" : "Slack answered " + plain_line(code, enough);
}

bool is_known_error(std::string_view code) { return find(code) != nullptr; }

bool refuses_thread(std::string_view code) { return std::ranges::find(thread_refusals, code) != thread_refusals.end(); }

bool is_final(std::string_view code) {
  const auto* const known = find(code);
  return known == nullptr || known->kind == Kind::reject || known->kind == Kind::disable;
}

}  // namespace opi::slack
