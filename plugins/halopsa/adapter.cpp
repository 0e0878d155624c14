#include <boost/json.hpp>
#include <opi/kit/config.hpp>
#include <opi/kit/html.hpp>
#include <opi/kit/json_request.hpp>
#include <opi/kit/priority.hpp>
#include <opi/kit/summary.hpp>
#include <opi/kit/ticket.hpp>
#include <opi/plugin.hpp>
#include <string>

namespace opi::halopsa {
namespace {

namespace json = boost::json;
using kit::TicketStep;
using kit::TicketTask;

constexpr std::size_t max_summary = 255, max_key = 100;
constexpr std::size_t max_text = 30'000;  // is HTML, in which a character may become six bytes

// HaloPSA tickets and actions; docs/halopsa.md is its contract. Both are posted as lists, and a ticket with an
// id is changed. A note is an action, a request of its own: what an update or close changes goes first, then the note.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : Adapter(kit::parse_config_object(args.config_json)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto task = flow_.task(delivery);
    const auto post = [&](const char* path, json::object item) {
      kit::send_json(request, delivery, "POST", path, json::array{std::move(item)});
    };
    auto change = change_of(delivery, task);
    if (task.step == TicketStep::find) {
      kit::get_json(
          request, delivery,
          "/api/Tickets?search=" + kit::percent_encoded(key_of(delivery)) + "&pageinate=true&page_no=1&page_size=10");
    } else if (task.step == TicketStep::create) {
      post("/api/Tickets", created(delivery));
    } else if (!change.empty()) {
      change["id"] = id_of(task);
      post("/api/Tickets", std::move(change));
    } else {
      post("/api/Actions", note(delivery, task));
    }
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto task = flow_.task(delivery);
    if (!kit::succeeded(response)) return kit::TicketFlow::failed(task, response, kit::wait_of(delivery, response));
    if (task.step == TicketStep::find) return found(delivery, response);
    if (task.step == TicketStep::create) {
      auto id = kit::text_at(response.body(), "id");
      if (id.empty()) id = kit::text_at(response.body(), "0.id");
      return flow_.created(delivery, id, page_of(delivery, id));
    }
    if (!change_of(delivery, task).empty()) return kit::TicketFlow::then(delivery, task, TicketStep::comment);
    return kit::TicketFlow::done(task);
  }

 private:
  explicit Adapter(const json::object& config)
      : flow_({.can_find = true, .create_unknown = kit::creates_unknown(config)}),
        ticket_type_(kit::number(config, "ticket_type_id", 1)),
        closed_status_(kit::number(config, "closed_status_id", 9)),
        outcome_(kit::number(config, "note_outcome_id", 7)),
        public_notes_(kit::flag(config, "public_notes", false)),
        priorities_(config, "priorities", {"4", "3", "2", "1"}),
        fields_(kit::extra_fields(
            config, {"id", "summary", "details", "details_html", "tickettype_id", "priority_id", "status_id"})) {
    for (const auto word : kit::urgency_names)
      if (const auto id = priorities_.of(word); !id.empty()) (void)kit::whole_number(id, "priorities");
  }

  static std::string key_of(const sdk::Delivery& delivery) { return kit::subject_key(delivery, max_key); }
  static std::string marker_of(const sdk::Delivery& delivery) { return " [" + key_of(delivery) + "]"; }
  static std::int64_t id_of(const TicketTask& task) { return kit::whole_number(task.ref, "the ticket's id"); }

  // What the step changes beside its note; empty: nothing.
  [[nodiscard]] json::object change_of(const sdk::Delivery& delivery, const TicketTask& task) const {
    if (task.step == TicketStep::close) return {{"status_id", closed_status_}};
    if (task.step != TicketStep::update) return {};
    json::object out;
    rate(out, kit::summarise(delivery).severity);
    return out;
  }

  void rate(json::object& out, const std::string& severity) const {
    if (const auto priority = priorities_.of(severity); !priority.empty())
      out["priority_id"] = kit::whole_number(priority, "priorities");
  }

  [[nodiscard]] json::object created(const sdk::Delivery& delivery) const {
    const auto summary = kit::summarise(delivery);
    const auto marker = marker_of(delivery);
    auto out = fields_;
    out["summary"] = kit::cut(summary.title, max_summary - marker.size()) + marker;
    out["details_html"] = kit::html_of(kit::cut(kit::plain_text(delivery, summary), max_text));
    out["tickettype_id"] = ticket_type_;
    rate(out, summary.severity);
    return out;
  }

  [[nodiscard]] json::object note(const sdk::Delivery& delivery, const TicketTask& task) const {
    const auto summary = kit::summarise(delivery);
    const auto text = kit::cut(kit::note_text(delivery, summary), max_text);
    return {{"ticket_id", id_of(task)},
            {"outcome_id", outcome_},
            {"note_html", kit::html_of(text)},
            {"hiddenfromuser", !public_notes_ || summary.internal}};
  }

  // The search is one over the text: only a ticket whose summary has the marker is this subject's.
  [[nodiscard]] sdk::Verdict found(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto tickets = kit::find_value(response.body(), "tickets");
    if (!tickets)
      return sdk::Verdict::reject().reason("unexpected_answer").detail("the answer to the search has no \"tickets\"");
    std::string id;
    kit::for_each_element(tickets->text, [&](const kit::JsonSlice& each) {
      if (id.empty() && kit::text_at(each.text, "summary").ends_with(marker_of(delivery)))
        id = kit::text_at(each.text, "id");
    });
    return flow_.found(delivery, id, page_of(delivery, id));
  }

  static std::string page_of(const sdk::Delivery& delivery, const std::string& id) {
    return std::string(kit::origin_of(delivery.endpoint_url())) + "/tickets?id=" + kit::percent_encoded(id);
  }

  kit::TicketFlow flow_;
  std::int64_t ticket_type_, closed_status_, outcome_;
  bool public_notes_;
  kit::Priorities priorities_;
  json::object fields_;
};

}  // namespace
}  // namespace opi::halopsa

OPI_PLUGIN(opi::sdk::Adapter<opi::halopsa::Adapter, "halopsa">)
