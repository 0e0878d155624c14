#include <opi/kit/answer.hpp>
#include <opi/plugin.hpp>

#include "config.hpp"
#include "errors.hpp"
#include "message.hpp"
#include "thread.hpp"

namespace opi::slack {
namespace {

// Messages to one channel; docs/slack.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : config_(parse_config(args.config_json)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto thread = thread_of(delivery);
    auto message = message_of(delivery, thread.has_value());
    // What a hostile payload links to is neither fetched nor shown by Slack.
    message["unfurl_links"] = false;
    message["unfurl_media"] = false;
    if (config_.mode == Mode::incoming_webhook) {
      request.url_secret("webhook_url");
    } else {
      request.url(delivery.endpoint_url());
      message["channel"] = config_.channel;
    }
    if (thread) {
      message["thread_ts"] = thread->ts;
      if (config_.broadcast_endings && ends_subject(delivery)) message["reply_broadcast"] = true;
    }
    request.header("Content-Type", "application/json; charset=utf-8").body(boost::json::serialize(message));
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto wait = kit::wait_of(delivery, response);
    if (response.status() == 429) return verdict_of_error("ratelimited", wait);
    return config_.mode == Mode::incoming_webhook ? webhook_verdict(response, wait)
                                                  : api_verdict(delivery, response, wait);
  }

 private:
  // The thread to reply to. After a refusal by the thread itself (step 1) there is none.
  [[nodiscard]] std::optional<Thread> thread_of(const sdk::Delivery& delivery) const {
    if (config_.mode != Mode::post_message || !config_.threads || delivery.step() != 0) return std::nullopt;
    auto thread = Thread::parse(delivery.prior_ref());
    if (thread && thread->channel != config_.channel) thread.reset();  // the destination has moved to another channel
    return thread;
  }

  static bool ends_subject(const sdk::Delivery& delivery) {
    return delivery.event_type().ends_with(".closed") || delivery.event_type().ends_with(".resolved");
  }

  // Incoming webhooks answer with a status and a word.
  static sdk::Verdict webhook_verdict(const sdk::Response& response, std::chrono::milliseconds wait) {
    if (response.status() == 200) return sdk::Verdict::delivered();
    const auto said = kit::error_text(response);
    return is_known_error(said) ? verdict_of_error(said, wait) : kit::judge_failure(response, wait);
  }

  // The Web API answers 200 whatever happens, and says what in the body.
  [[nodiscard]] sdk::Verdict api_verdict(const sdk::Delivery& delivery, const sdk::Response& response,
                                         std::chrono::milliseconds wait) const {
    const auto ok = kit::text_at(response.body(), "ok");
    const auto error = kit::text_at(response.body(), "error");
    if (ok != "true" && is_known_error(error)) {
      if (thread_of(delivery) && refuses_thread(error)) return sdk::Verdict::proceed("unthreaded").reason(error);
      return verdict_of_error(error, wait);
    }
    if (response.status() != 200) return kit::judge_failure(response, wait);
    if (ok == "false") return verdict_of_error(error, wait);
    if (ok != "true")
      return sdk::Verdict::unknown().reason("malformed_answer").detail("the answer is not one of Slack's API");
    if (const auto thread = thread_of(delivery)) return sdk::Verdict::delivered().external(thread->ref());
    const auto posted = Thread::of(kit::text_at(response.body(), "channel"), kit::text_at(response.body(), "ts"));
    return posted ? sdk::Verdict::delivered().external(posted->ref()) : sdk::Verdict::delivered();
  }

  Config config_;
};

}  // namespace
}  // namespace opi::slack

OPI_PLUGIN(opi::sdk::Adapter<opi::slack::Adapter, "slack">)
