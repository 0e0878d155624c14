#include <algorithm>
#include <opi/kit/summary.hpp>
#include <opi/kit/url.hpp>
#include <opi/plugin.hpp>
#include <string>

#include "config.hpp"

namespace opi::ticket {
namespace {

using kit::TicketStep;
using kit::TicketTask;

bool among(const std::vector<int>& statuses, int status) {
  return std::ranges::find(statuses, status) != statuses.end();
}

// Any ticket system that speaks JSON over HTTP; docs/ticket.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : config_(parse_config(args.config_json)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto task = config_.flow.task(delivery);
    const auto& action = config_.actions.at(task.step);
    const auto own = own_values(delivery, task);
    request.method(action.method).url(kit::url_below(delivery.endpoint_url(), action.path.render(delivery, own)));
    if (std::ranges::none_of(action.headers, [](const auto& header) { return header.first == "Accept"; }))
      request.header("Accept", "application/json");
    for (const auto& [name, value] : action.headers) request.header(name, value);
    if (action.body) request.header("Content-Type", "application/json").body(action.body->render(delivery, own));
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto task = config_.flow.task(delivery);
    const auto& action = config_.actions.at(task.step);
    const int status = response.status();
    if (among(action.terminal, status))
      return sdk::Verdict::reject().reason("refused").detail(kit::error_text(response));
    if (among(action.retry, status))
      return sdk::Verdict::retry().detail(kit::error_text(response)).retry_after(kit::wait_of(delivery, response));
    const bool fine = action.success.empty() ? kit::succeeded(response) : among(action.success, status);
    if (!fine && kit::succeeded(response))
      return sdk::Verdict::reject().reason("unexpected_status").detail("the status is not one that means success");
    if (!fine) return kit::TicketFlow::failed(task, response, kit::wait_of(delivery, response));

    if (task.step != TicketStep::find && task.step != TicketStep::create) return kit::TicketFlow::done(task);
    const auto ref = id_at(response.body(), action.ref);
    const auto url = ref.empty() ? "" : url_of(delivery, task, ref, id_at(response.body(), action.url));
    if (task.step == TicketStep::create) return config_.flow.created(delivery, ref, url);
    if (ref.empty() && !kit::whole(response.body()))
      return sdk::Verdict::reject().reason("unexpected_answer").detail("the answer to the search is empty");
    return config_.flow.found(delivery, ref, url);
  }

 private:
  // In the order of own_names.
  [[nodiscard]] std::vector<std::string> own_values(const sdk::Delivery& delivery, const TicketTask& task) const {
    static constexpr std::size_t longest_key = 100;
    const auto summary = kit::summarise(delivery);
    return {task.ref,
            task.url,
            kit::subject_key(delivery, longest_key),
            std::string(kit::subject_of(delivery)),
            kit::cut(summary.title, config_.title_characters),
            kit::cut(kit::plain_text(delivery, summary), config_.text_characters),
            kit::cut(kit::note_text(delivery, summary), config_.text_characters),
            summary.severity,
            summary.status,
            config_.priorities.of(summary.severity)};
  }

  // A text or number; anything else is no id.
  static std::string id_at(std::string_view body, std::string_view pointer) {
    if (pointer.empty()) return {};
    const auto found = kit::find_pointer(body, pointer);
    return found && (found->kind == kit::JsonKind::string || found->kind == kit::JsonKind::number)
               ? kit::text_of(*found)
               : std::string();
  }

  [[nodiscard]] std::string url_of(const sdk::Delivery& delivery, TicketTask task, const std::string& ref,
                                   const std::string& answered) const {
    if (!answered.empty() || !config_.link) return answered;
    task.ref = ref;
    return kit::url_below(kit::without_query(delivery.endpoint_url()),
                          config_.link->render(delivery, own_values(delivery, task)));
  }

  Config config_;
};

}  // namespace
}  // namespace opi::ticket

OPI_PLUGIN(opi::sdk::Adapter<opi::ticket::Adapter, "ticket">)
