#include <boost/json.hpp>
#include <opi/kit/config.hpp>
#include <opi/kit/html.hpp>
#include <opi/kit/json_request.hpp>
#include <opi/kit/priority.hpp>
#include <opi/kit/summary.hpp>
#include <opi/kit/ticket.hpp>
#include <opi/plugin.hpp>
#include <string>

namespace opi::freshdesk {
namespace {

namespace json = boost::json;
using kit::TicketStep;
using kit::TicketTask;

constexpr std::size_t max_subject = 255, max_tag = 32;
// Descriptions and notes are HTML, in which a character may become six bytes.
constexpr std::size_t max_text = 30'000;
constexpr int status_open = 2, source_portal = 2;

// Freshdesk tickets over API v2; docs/freshdesk.md is its contract. A note takes a request of its own: what an
// update or close changes goes first, then the note.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : Adapter(kit::parse_config_object(args.config_json)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto task = flow_.task(delivery);
    const auto ticket = "/api/v2/tickets/" + kit::percent_encoded(task.ref);
    const auto change = change_of(delivery, task);
    if (task.step == TicketStep::find) {
      const auto query = "\"tag:'" + key_of(delivery) + "'\"";  // the key has no quotes
      kit::get_json(request, delivery, "/api/v2/search/tickets?query=" + kit::percent_encoded(query));
    } else if (task.step == TicketStep::create) {
      kit::send_json(request, delivery, "POST", "/api/v2/tickets", created(delivery));
    } else if (!change.empty()) {
      kit::send_json(request, delivery, "PUT", ticket, change);
    } else {
      const auto summary = kit::summarise(delivery);
      const auto text = kit::cut(kit::note_text(delivery, summary), max_text);
      kit::send_json(request, delivery, "POST", ticket + "/notes",
                     json::object{{"body", kit::html_of(text)}, {"private", !public_notes_ || summary.internal}});
    }
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto task = flow_.task(delivery);
    if (!kit::succeeded(response)) return kit::TicketFlow::failed(task, response, kit::wait_of(delivery, response));
    if (task.step == TicketStep::find) {
      if (!kit::find_value(response.body(), "results"))
        return sdk::Verdict::reject().reason("unexpected_answer").detail("the answer to the search has no \"results\"");
      const auto id = kit::text_at(response.body(), "results.0.id");
      return flow_.found(delivery, id, page_of(delivery, id));
    }
    if (task.step == TicketStep::create) {
      const auto id = kit::text_at(response.body(), "id");
      return flow_.created(delivery, id, page_of(delivery, id));
    }
    if (!change_of(delivery, task).empty()) return kit::TicketFlow::then(delivery, task, TicketStep::comment);
    return kit::TicketFlow::done(task);
  }

 private:
  explicit Adapter(const json::object& config)
      : flow_({.can_find = true, .create_unknown = kit::creates_unknown(config)}),
        requester_(kit::required_text(config, "requester_email")),
        closed_status_(kit::number(config, "closed_status", 5)),
        public_notes_(kit::flag(config, "public_notes", false)),
        priorities_(config, "priorities", {"1", "2", "3", "4"}),
        fields_(
            kit::extra_fields(config, {"subject", "description", "email", "priority", "status", "source", "tags"})) {
    for (const auto& tag : kit::texts(config, "tags")) tags_.push_back(json::string(tag));
  }

  static std::string key_of(const sdk::Delivery& delivery) { return kit::subject_key(delivery, max_tag); }

  // What the step changes beside its note; empty: nothing.
  [[nodiscard]] json::object change_of(const sdk::Delivery& delivery, const TicketTask& task) const {
    if (task.step == TicketStep::close) return {{"status", closed_status_}};
    if (task.step != TicketStep::update) return {};
    const auto priority = priorities_.of(kit::summarise(delivery).severity);
    return priority.empty() ? json::object{} : json::object{{"priority", kit::whole_number(priority, "priorities")}};
  }

  [[nodiscard]] json::object created(const sdk::Delivery& delivery) const {
    const auto summary = kit::summarise(delivery);
    const auto priority = priorities_.of(summary.severity);
    auto tags = tags_;
    tags.push_back(json::string(key_of(delivery)));
    auto out = fields_;
    out["email"] = requester_;
    out["subject"] = kit::cut(summary.title, max_subject);
    out["description"] = kit::html_of(kit::cut(kit::plain_text(delivery, summary), max_text));
    out["status"] = status_open;
    out["source"] = source_portal;
    out["priority"] = priority.empty() ? 1 : kit::whole_number(priority, "priorities");  // is required
    out["tags"] = std::move(tags);
    return out;
  }

  static std::string page_of(const sdk::Delivery& delivery, const std::string& id) {
    return std::string(kit::origin_of(delivery.endpoint_url())) + "/a/tickets/" + kit::percent_encoded(id);
  }

  kit::TicketFlow flow_;
  std::string requester_;
  std::int64_t closed_status_;
  bool public_notes_;
  kit::Priorities priorities_;
  json::object fields_;
  json::array tags_;
};

}  // namespace
}  // namespace opi::freshdesk

OPI_PLUGIN(opi::sdk::Adapter<opi::freshdesk::Adapter, "freshdesk">)
