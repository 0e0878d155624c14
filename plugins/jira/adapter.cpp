#include <boost/json.hpp>
#include <opi/kit/config.hpp>
#include <opi/kit/json_request.hpp>
#include <opi/kit/priority.hpp>
#include <opi/kit/summary.hpp>
#include <opi/kit/ticket.hpp>
#include <opi/kit/url.hpp>
#include <opi/plugin.hpp>
#include <string>

namespace opi::jira {
namespace {

namespace json = boost::json;
using kit::TicketStep;
using kit::TicketTask;

// Jira refuses longer ones; it counts as Java does.
constexpr std::size_t max_summary = 255, max_text = 32'767, max_label = 255;

// Text as an Atlassian document: a paragraph for each run of lines, a hard break for each line in it.
json::object document_of(std::string_view text) {
  json::array paragraphs, line_nodes;
  const auto end_paragraph = [&] {
    if (line_nodes.empty()) return;
    paragraphs.push_back(json::object{{"type", "paragraph"}, {"content", std::move(line_nodes)}});
    line_nodes = {};
  };
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    if (line.empty()) {
      end_paragraph();
    } else {
      if (!line_nodes.empty()) line_nodes.push_back(json::object{{"type", "hardBreak"}});
      line_nodes.push_back(json::object{{"type", "text"}, {"text", json::string(line)}});
    }
    at = end + 1;
  }
  end_paragraph();
  return {{"type", "doc"}, {"version", 1}, {"content", std::move(paragraphs)}};
}

// Jira Cloud issues over REST API v3; docs/jira.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : Adapter(kit::parse_config_object(args.config_json)) {}

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto task = flow_.task(delivery);
    const auto issue = "/rest/api/3/issue/" + kit::percent_encoded(task.ref);
    const auto send = [&](const char* method, const std::string& path, const json::object& body) {
      kit::send_json(request, delivery, method, path, body);
    };
    switch (task.step) {
      case TicketStep::find: return send("POST", "/rest/api/3/search/jql", search(delivery));
      case TicketStep::create: return send("POST", "/rest/api/3/issue", {{"fields", fields(delivery)}});
      case TicketStep::update: return send("PUT", issue, update(delivery));
      case TicketStep::comment: return send("POST", issue + "/comment", {{"body", text(delivery)}});
      case TicketStep::look: return kit::get_json(request, delivery, issue + "?fields=status&expand=transitions");
      case TicketStep::close: return send("POST", issue + "/transitions", transition(delivery, task));
    }
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const auto task = flow_.task(delivery);
    if (!kit::succeeded(response)) return failed(delivery, task, response);
    switch (task.step) {
      case TicketStep::find: return found(delivery, response, kit::text_at(response.body(), "issues.0.key"));
      case TicketStep::create: return created(delivery, kit::text_at(response.body(), "key"));
      case TicketStep::look: return choose(delivery, task, response);
      case TicketStep::update:
      case TicketStep::comment:
      case TicketStep::close: break;
    }
    return kit::TicketFlow::done(task);
  }

 private:
  explicit Adapter(const json::object& config)
      : flow_({.can_find = true, .create_unknown = kit::creates_unknown(config), .looks = true}),
        project_(kit::required_text(config, "project")),
        issue_type_(kit::text(config, "issue_type", "Task")),
        close_transition_(kit::text(config, "close_transition")),
        priorities_(config, "priorities", {"Low", "Medium", "High", "Highest"}) {
    for (const auto& label : kit::texts(config, "labels")) {
      if (label.find(' ') != std::string::npos)
        kit::wrong("labels", "has a label with a space, which Jira does not allow");
      labels_.push_back(json::string(label));
    }
  }

  [[nodiscard]] json::object search(const sdk::Delivery& delivery) const {
    // The key has no characters that mean something in JQL's strings; the project's name is quoted.
    std::string project;
    for (const char c : project_) project += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    return {{"jql", "project = \"" + project + "\" AND labels = \"" + kit::subject_key(delivery, max_label) +
                        "\" ORDER BY created ASC"},
            {"fields", json::array{"key"}},
            {"maxResults", 1}};
  }

  [[nodiscard]] json::object fields(const sdk::Delivery& delivery) const {
    const auto summary = kit::summarise(delivery);
    auto labels = labels_;
    labels.push_back(json::string(kit::subject_key(delivery, max_label)));
    json::object out{
        {"project", json::object{{"key", project_}}},
        {"issuetype", json::object{{"name", issue_type_}}},
        {"summary", kit::cut(summary.title, max_summary, kit::Unit::utf16)},
        {"description", document_of(kit::cut(kit::plain_text(delivery, summary), max_text, kit::Unit::utf16))},
        {"labels", std::move(labels)}};
    if (const auto priority = priorities_.of(summary.severity); !priority.empty())
      out["priority"] = json::object{{"name", priority}};
    return out;
  }

  static json::object text(const sdk::Delivery& delivery) {
    return document_of(kit::cut(kit::note_text(delivery, kit::summarise(delivery)), max_text, kit::Unit::utf16));
  }

  // The comment goes with the edit or transition, so that one request does both.
  static json::object with_comment(const sdk::Delivery& delivery) {
    return {{"comment", json::array{json::object{{"add", json::object{{"body", text(delivery)}}}}}}};
  }

  [[nodiscard]] json::object update(const sdk::Delivery& delivery) const {
    json::object out{{"update", with_comment(delivery)}};
    if (const auto priority = priorities_.of(kit::summarise(delivery).severity); !priority.empty())
      out["fields"] = json::object{{"priority", json::object{{"name", priority}}}};
    return out;
  }

  static json::object transition(const sdk::Delivery& delivery, const TicketTask& task) {
    return {{"transition", json::object{{"id", task.extra}}}, {"update", with_comment(delivery)}};
  }

  [[nodiscard]] sdk::Verdict found(const sdk::Delivery& delivery, const sdk::Response& response,
                                   const std::string& key) const {
    if (!kit::find_value(response.body(), "issues"))
      return sdk::Verdict::reject().reason("unexpected_answer").detail("the answer to the search has no \"issues\"");
    return flow_.found(delivery, key, key.empty() ? "" : browse_url(delivery, key));
  }

  [[nodiscard]] sdk::Verdict created(const sdk::Delivery& delivery, const std::string& key) const {
    return flow_.created(delivery, key, browse_url(delivery, key));
  }

  static std::string browse_url(const sdk::Delivery& delivery, const std::string& key) {
    return std::string(kit::origin_of(delivery.endpoint_url())) + "/browse/" + kit::percent_encoded(key);
  }

  // The configured transition, else the first that leads to a status of the category Done. An issue that is done
  // already gets the comment alone.
  [[nodiscard]] sdk::Verdict choose(const sdk::Delivery& delivery, const TicketTask& task,
                                    const sdk::Response& response) const {
    if (kit::text_at(response.body(), "fields.status.statusCategory.key") == "done")
      return kit::TicketFlow::then(delivery, task, TicketStep::comment);
    const auto transitions = kit::find_value(response.body(), "transitions");
    std::string id;
    if (transitions)
      kit::for_each_element(transitions->text, [&](const kit::JsonSlice& each) {
        const bool fits = close_transition_.empty() ? kit::text_at(each.text, "to.statusCategory.key") == "done"
                                                    : kit::text_at(each.text, "name") == close_transition_;
        if (fits && id.empty()) id = kit::text_at(each.text, "id");
      });
    if (id.empty())
      return sdk::Verdict::reject()
          .reason("no_transition")
          .detail("issue " + task.ref + " offers no transition " +
                  (close_transition_.empty() ? "to a status of the category Done" : "\"" + close_transition_ + "\"") +
                  " to this user");
    return kit::TicketFlow::then(delivery, task, TicketStep::close, id);
  }

  static sdk::Verdict failed(const sdk::Delivery& delivery, const TicketTask& task, const sdk::Response& response) {
    return kit::TicketFlow::failed(task, response, kit::wait_of(delivery, response));
  }

  kit::TicketFlow flow_;
  std::string project_, issue_type_, close_transition_;
  kit::Priorities priorities_;
  json::array labels_;
};

}  // namespace
}  // namespace opi::jira

OPI_PLUGIN(opi::sdk::Adapter<opi::jira::Adapter, "jira">)
