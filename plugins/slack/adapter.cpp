#include <opi/kit/answer.hpp>
#include <opi/plugin.hpp>

#include "config.hpp"
#include "errors.hpp"
#include "message.hpp"
#include "post_message.hpp"

namespace opi::slack {
namespace {

// Messages to one channel; docs/slack.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) {
    auto config = parse_config(args.config_json);
    if (config.mode == Mode::post_message) post_message_.emplace(std::move(config), args.endpoint_url);
  }

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    if (post_message_) return post_message_->render(delivery, request);
    request.url_secret("webhook_url")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(boost::json::serialize(message_of(delivery, false)));
  }

  // Incoming webhooks answer with a status and a word.
  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    if (post_message_) return post_message_->interpret(delivery, response);
    if (response.status() == 200) return sdk::Verdict::delivered();
    const auto wait = kit::wait_of(delivery, response);
    const auto said = kit::error_text(response);
    if (response.status() == 429) return verdict_of_error("ratelimited", wait);
    return is_known_error(said) ? verdict_of_error(said, wait) : kit::judge_failure(response, wait);
  }

 private:
  std::optional<PostMessage> post_message_;  // else an incoming webhook
};

}  // namespace
}  // namespace opi::slack

OPI_PLUGIN(opi::sdk::Adapter<opi::slack::Adapter, "slack">)
