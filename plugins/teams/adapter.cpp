#include <opi/kit/answer.hpp>
#include <opi/kit/config.hpp>
#include <opi/plugin.hpp>

#include "card.hpp"

namespace opi::teams {
namespace {

// Cards to a channel or chat through a webhook of Teams' Workflows app; docs/teams.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args)
      : full_width_(kit::flag(kit::parse_config_object(args.config_json), "full_width", true)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    // With the charset, or Teams counts the size of its own conversion to UTF-16 against its limit.
    request.url_secret("webhook_url")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(boost::json::serialize(message_of(delivery, full_width_)));
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const int status = response.status();
    if (kit::succeeded(response)) return sdk::Verdict::delivered();  // 202: the flow has begun
    const auto said = kit::error_text(response);
    if (kit::text_at(response.body(), "error.code") == "WorkflowTriggerIsNotEnabled")
      return sdk::Verdict::disable().reason("flow_disabled").detail("the flow is turned off: " + said);
    if (status == 404 || status == 410)
      return sdk::Verdict::disable().reason("flow_gone").detail("the flow does not exist any more: " + said);
    // The URL's signature is the credential: another one may be in the secret store by now.
    if (status == 401 || status == 403)
      return sdk::Verdict::auth().reason("signature_refused").detail("the webhook's URL was refused: " + said);
    return kit::judge_failure(response, kit::wait_of(delivery, response));
  }

 private:
  bool full_width_;
};

}  // namespace
}  // namespace opi::teams

OPI_PLUGIN(opi::sdk::Adapter<opi::teams::Adapter, "teams">)
