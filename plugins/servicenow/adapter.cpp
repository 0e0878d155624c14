#include <algorithm>
#include <boost/json.hpp>
#include <opi/kit/config.hpp>
#include <opi/kit/json_request.hpp>
#include <opi/kit/priority.hpp>
#include <opi/kit/summary.hpp>
#include <opi/kit/ticket.hpp>
#include <opi/plugin.hpp>
#include <string>

namespace opi::servicenow {
namespace {

namespace json = boost::json;
using kit::TicketStep;

// Lengths of the incident table's columns as it is delivered; longer values would be cut without a word.
constexpr std::size_t max_short_description = 160, max_description = 4000, max_close_notes = 4000,
                      max_correlation_id = 100;
// Work notes have no length of their own that bites; this keeps them readable.
constexpr std::size_t max_work_notes = 30'000;

// ServiceNow incidents over the Table API; docs/servicenow.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : Adapter(kit::parse_config_object(args.config_json)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto task = flow_.task(delivery);
    const auto table = "/api/now/table/" + table_;
    const std::string answer = "sysparm_fields=sys_id,number";
    const auto record = table + "/" + kit::percent_encoded(task.ref) + "?" + answer;
    switch (task.step) {
      case TicketStep::find:
        return kit::get_json(request, delivery,
                             table + "?sysparm_query=" +
                                 kit::percent_encoded("correlation_id=" + key_of(delivery) + "^ORDERBYsys_created_on") +
                                 "&" + answer + "&sysparm_limit=1");
      case TicketStep::create:
        return kit::send_json(request, delivery, "POST", table + "?" + answer, incident(delivery));
      case TicketStep::close: return kit::send_json(request, delivery, "PATCH", record, closing(delivery));
      case TicketStep::comment:
        return kit::send_json(request, delivery, "PATCH", record,
                              json::object{{"work_notes", note(delivery, max_work_notes)}});
      case TicketStep::look:  // never asked for
      case TicketStep::update: break;
    }
    kit::send_json(request, delivery, "PATCH", record, update(delivery));
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto task = flow_.task(delivery);
    if (!kit::succeeded(response))
      return kit::TicketFlow::failed(task, response,
                                     response.status() == 429 ? kit::wait_of(delivery, response, {"x-ratelimit-reset"})
                                                              : kit::wait_of(delivery, response));
    // A sleeping instance answers 200 with a page for people.
    if (!kit::find_value(response.body(), "result"))
      return sdk::Verdict::retry()
          .reason("unexpected_answer")
          .detail("the answer is not the Table API's: has no \"result\"");
    if (task.step == TicketStep::find) {
      const auto id = kit::text_at(response.body(), "result.0.sys_id");
      return flow_.found(delivery, id, page_of(delivery, id));
    }
    if (task.step == TicketStep::create) {
      const auto id = kit::text_at(response.body(), "result.sys_id");
      return flow_.created(delivery, id, page_of(delivery, id));
    }
    return kit::TicketFlow::done(task);
  }

 private:
  explicit Adapter(const json::object& config)
      : flow_({.can_find = true, .create_unknown = kit::creates_unknown(config)}),
        table_(kit::text(config, "table", "incident")),
        closed_state_(kit::text(config, "closed_state", "6")),
        close_code_(kit::text(config, "close_code", "Resolved by request")),
        urgencies_(config, "urgencies", {"3", "2", "1", "1"}),
        impacts_(config, "impacts", {"3", "3", "2", "1"}),
        fields_(kit::extra_fields(
            config, {"short_description", "description", "work_notes", "correlation_id", "correlation_display",
                     "urgency", "impact", "state", "close_code", "close_notes"})) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    if (!std::ranges::all_of(table_, fits)) kit::wrong("table", "is not a table's name");
  }

  // Has no character that means something in an encoded query.
  static std::string key_of(const sdk::Delivery& delivery) { return kit::subject_key(delivery, max_correlation_id); }

  static std::string note(const sdk::Delivery& delivery, std::size_t limit) {
    return kit::cut(kit::note_text(delivery, kit::summarise(delivery)), limit);
  }

  void rate(json::object& out, const std::string& severity) const {
    if (const auto urgency = urgencies_.of(severity); !urgency.empty()) out["urgency"] = urgency;
    if (const auto impact = impacts_.of(severity); !impact.empty()) out["impact"] = impact;
  }

  [[nodiscard]] json::object incident(const sdk::Delivery& delivery) const {
    const auto summary = kit::summarise(delivery);
    auto out = fields_;
    out["short_description"] = kit::cut(summary.title, max_short_description);
    out["description"] = kit::cut(kit::plain_text(delivery, summary), max_description);
    out["correlation_id"] = key_of(delivery);
    out["correlation_display"] = "OneProtect";
    rate(out, summary.severity);
    return out;
  }

  [[nodiscard]] json::object update(const sdk::Delivery& delivery) const {
    json::object out{{"work_notes", note(delivery, max_work_notes)}};
    rate(out, kit::summarise(delivery).severity);
    return out;
  }

  [[nodiscard]] json::object closing(const sdk::Delivery& delivery) const {
    return {{"state", closed_state_}, {"close_code", close_code_}, {"close_notes", note(delivery, max_close_notes)}};
  }

  [[nodiscard]] std::string page_of(const sdk::Delivery& delivery, const std::string& sys_id) const {
    return std::string(kit::origin_of(delivery.endpoint_url())) + "/" + table_ +
           ".do?sys_id=" + kit::percent_encoded(sys_id);
  }

  kit::TicketFlow flow_;
  std::string table_, closed_state_, close_code_;
  kit::Priorities urgencies_, impacts_;
  json::object fields_;
};

}  // namespace
}  // namespace opi::servicenow

OPI_PLUGIN(opi::sdk::Adapter<opi::servicenow::Adapter, "servicenow">)
