#include <boost/json.hpp>
#include <opi/kit/config.hpp>
#include <opi/kit/json_request.hpp>
#include <opi/kit/priority.hpp>
#include <opi/kit/summary.hpp>
#include <opi/kit/ticket.hpp>
#include <opi/plugin.hpp>
#include <string>

namespace opi::zendesk {
namespace {

namespace json = boost::json;
using kit::TicketStep;
using kit::TicketTask;

constexpr std::size_t max_subject = 255, max_external_id = 255;
constexpr std::size_t max_comment = 64'000;  // a comment holds 64 KiB

// Zendesk Support tickets over API v2; docs/zendesk.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : Adapter(kit::parse_config_object(args.config_json)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto task = flow_.task(delivery);
    const auto send = [&](const char* method, const std::string& path, json::object ticket) {
      kit::send_json(request, delivery, method, path, json::object{{"ticket", std::move(ticket)}});
    };
    const auto ticket = "/api/v2/tickets/" + kit::percent_encoded(task.ref) + ".json";
    switch (task.step) {
      case TicketStep::find:
        return kit::get_json(
            request, delivery,
            "/api/v2/tickets.json?external_id=" + kit::percent_encoded(key_of(delivery)) + "&per_page=1");
      case TicketStep::create:
        // Within two hours Zendesk itself answers a repetition with the first ticket.
        request.header("Idempotency-Key", delivery.idempotency_key());
        return send("POST", "/api/v2/tickets.json", created(delivery));
      case TicketStep::close: return send("PUT", ticket, changed(delivery, {{"status", "solved"}}));
      case TicketStep::comment: return send("PUT", ticket, changed(delivery, {}));
      case TicketStep::look:  // never asked for
      case TicketStep::update: break;
    }
    json::object change;
    if (const auto priority = priorities_.of(kit::summarise(delivery).severity); !priority.empty())
      change["priority"] = priority;
    send("PUT", ticket, changed(delivery, std::move(change)));
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto task = flow_.task(delivery);
    if (!kit::succeeded(response)) return failed(delivery, task, response);
    if (task.step == TicketStep::find) {
      if (!kit::find_value(response.body(), "tickets"))
        return sdk::Verdict::reject().reason("unexpected_answer").detail("the answer to the search has no \"tickets\"");
      const auto id = kit::text_at(response.body(), "tickets.0.id");
      return flow_.found(delivery, id, page_of(delivery, id));
    }
    if (task.step == TicketStep::create) {
      const auto id = kit::text_at(response.body(), "ticket.id");
      return flow_.created(delivery, id, page_of(delivery, id));
    }
    return kit::TicketFlow::done(task);
  }

 private:
  explicit Adapter(const json::object& config)
      : flow_({.can_find = true, .create_unknown = kit::creates_unknown(config)}),
        type_(kit::one_of(config, "type", {"incident", "problem", "question", "task"})),
        public_comments_(kit::flag(config, "public_comments", false)),
        priorities_(config, "priorities", {"low", "normal", "high", "urgent"}),
        fields_(kit::extra_fields(config,
                                  {"id", "subject", "comment", "external_id", "priority", "type", "tags", "status"})) {
    for (const auto& tag : kit::texts(config, "tags")) {
      if (tag.find(' ') != std::string::npos) kit::wrong("tags", "has a tag with a space, which Zendesk would split");
      tags_.push_back(json::string(tag));
    }
  }

  static std::string key_of(const sdk::Delivery& delivery) { return kit::subject_key(delivery, max_external_id); }

  [[nodiscard]] json::object comment(const std::string& text, const kit::Summary& summary) const {
    return {{"body", kit::cut(text, max_comment, kit::Unit::bytes)}, {"public", public_comments_ && !summary.internal}};
  }

  [[nodiscard]] json::object created(const sdk::Delivery& delivery) const {
    const auto summary = kit::summarise(delivery);
    auto out = fields_;
    out["subject"] = kit::cut(summary.title, max_subject);
    out["comment"] = comment(kit::plain_text(delivery, summary), summary);
    out["external_id"] = key_of(delivery);
    out["type"] = type_;
    if (!tags_.empty()) out["tags"] = tags_;
    if (const auto priority = priorities_.of(summary.severity); !priority.empty()) out["priority"] = priority;
    return out;
  }

  [[nodiscard]] json::object changed(const sdk::Delivery& delivery, json::object change) const {
    const auto summary = kit::summarise(delivery);
    change["comment"] = comment(kit::note_text(delivery, summary), summary);
    return change;
  }

  static sdk::Verdict failed(const sdk::Delivery& delivery, const TicketTask& task, const sdk::Response& response) {
    // A solved ticket is closed for good after some days, and takes nothing more.
    if (const auto said = kit::error_text(response);
        response.status() == 422 && said.find("closed prevents ticket update") != std::string::npos)
      return sdk::Verdict::reject()
          .reason("ticket_closed")
          .detail("ticket " + task.ref + " is closed for good: " + said);
    return kit::TicketFlow::failed(task, response, kit::wait_of(delivery, response));
  }

  static std::string page_of(const sdk::Delivery& delivery, const std::string& id) {
    return std::string(kit::origin_of(delivery.endpoint_url())) + "/agent/tickets/" + kit::percent_encoded(id);
  }

  kit::TicketFlow flow_;
  std::string type_;
  bool public_comments_;
  kit::Priorities priorities_;
  json::object fields_;
  json::array tags_;
};

}  // namespace
}  // namespace opi::zendesk

OPI_PLUGIN(opi::sdk::Adapter<opi::zendesk::Adapter, "zendesk">)
