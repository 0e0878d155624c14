#include "post_message.hpp"

#include <opi/kit/answer.hpp>
#include <opi/kit/ticket.hpp>

#include "errors.hpp"
#include "message.hpp"

namespace opi::slack {
namespace {

constexpr std::string_view own_method = "/chat.postMessage";
constexpr std::string_view unthreaded = "unthreaded", mark = "mark";

bool ends_subject(const sdk::Delivery& delivery) { return kit::action_of(delivery) == kit::TicketAction::close; }

// Another method of the API that the endpoint belongs to.
std::string method_url(std::string_view endpoint, std::string_view method) {
  endpoint.remove_suffix(own_method.size());
  return std::string(endpoint) + "/" + std::string(method);
}

// The Web API answers 200 whatever happens, and says what in the body. nullopt: it did what it was asked.
std::optional<std::string> error_of(const sdk::Response& response) {
  if (kit::text_at(response.body(), "ok") == "true") return std::nullopt;
  return kit::text_at(response.body(), "error");
}

sdk::Verdict verdict_of_failure(const sdk::Response& response, const std::string& error,
                                std::chrono::milliseconds wait) {
  if (response.status() == 429) return verdict_of_error("ratelimited", wait);
  if (is_known_error(error)) return verdict_of_error(error, wait);
  if (response.status() != 200) return kit::judge_failure(response, wait);
  if (kit::text_at(response.body(), "ok") == "false") return verdict_of_error(error, wait);
  return sdk::Verdict::unknown().reason("malformed_answer").detail("the answer is not one of Slack's API");
}

// The message itself has arrived.
sdk::Verdict unmarked(const Thread& thread, const std::string& error) {
  auto verdict = sdk::Verdict::delivered().external(thread.ref());
  if (error == "already_reacted") return verdict;
  return std::move(verdict).detail("the ending is not marked: " + answer_of(error));
}

}  // namespace

// None where the destination has moved to another channel, or the reference is another adapter's.
std::optional<Thread> PostMessage::thread_of(const sdk::Delivery& delivery) const {
  if (!config_.threads || delivery.carry() == unthreaded) return std::nullopt;
  auto thread = Thread::parse(delivery.prior_ref());
  if (thread && thread->channel != config_.channel) thread.reset();
  return thread;
}

PostMessage::PostMessage(Config config, std::string_view endpoint) : config_(std::move(config)) {
  if (!endpoint.ends_with(own_method))
    throw sdk::Failure("endpoint: must end with /chat.postMessage, such as https://slack.com/api/chat.postMessage");
}

void PostMessage::render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
  const auto thread = thread_of(delivery);
  boost::json::object body;
  if (thread && delivery.carry() == mark) {
    body = {{"timestamp", thread->ts}, {"name", "white_check_mark"}};
    request.url(method_url(delivery.endpoint_url(), "reactions.add"));
  } else {
    body = message_of(delivery, thread.has_value());
    if (thread) body["thread_ts"] = thread->ts;
    if (thread && config_.broadcast_endings && ends_subject(delivery)) body["reply_broadcast"] = true;
    request.url(method_url(delivery.endpoint_url(), "chat.postMessage"));
  }
  body["channel"] = config_.channel;
  request.header("Content-Type", "application/json; charset=utf-8").body(boost::json::serialize(body));
}

sdk::Verdict PostMessage::posted(const sdk::Delivery& delivery, const sdk::Response& response) const {
  const auto thread = thread_of(delivery);
  if (thread && config_.mark_endings && ends_subject(delivery) && delivery.carry() != mark)
    return sdk::Verdict::proceed(std::string(mark));
  if (thread) return sdk::Verdict::delivered().external(thread->ref());
  const auto opened = Thread::of(kit::text_at(response.body(), "channel"), kit::text_at(response.body(), "ts"));
  return opened ? sdk::Verdict::delivered().external(opened->ref()) : sdk::Verdict::delivered();
}

sdk::Verdict PostMessage::interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
  const auto error = error_of(response);
  if (!error) return posted(delivery, response);
  const auto thread = thread_of(delivery);
  if (thread && delivery.carry() == mark && response.status() == 200 && is_final(*error))
    return unmarked(*thread, *error);
  if (thread && refuses_thread(*error)) return sdk::Verdict::proceed(std::string(unthreaded)).reason(*error);
  return verdict_of_failure(response, *error, kit::wait_of(delivery, response));
}

}  // namespace opi::slack
