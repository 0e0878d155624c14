#pragma once
#include <algorithm>
#include <initializer_list>
#include <map>
#include <opi/plugin.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opi/kit/cut.hpp"
#include "opi/kit/json_text.hpp"

namespace opi::kit {

enum class Subject { alert, evidence, ticket, other };

// What an event says to a person, for adapters to show in their receiver's own form. Absent texts are empty;
// single-line ones have no line breaks. Sizes are bounded: see the limits.
struct Summary {
  static constexpr std::size_t max_title = 500, max_text = 16'384, max_facts = 60, max_fact = 300;

  Subject subject = Subject::other;
  std::string action;  // the event type's last word: created, updated, escalated, resolved, closed, commented, sealed
  std::string
      id;  // of the subject: ticket_id of a ticket, alert_id of an alert, evidence_id of evidence, else event_id
  std::string title;       // never empty
  bool has_title = false;  // false: the payload has none, and the title is made from kind, id and action
  std::string severity, status;
  bool internal = false;                                   // of a comment: not for the receiver's customers
  std::string author;                                      // of a comment
  std::string text;                                        // prose: body, comment, reason, summary; may have lines
  std::string link;                                        // http or https
  std::vector<std::pair<std::string, std::string>> facts;  // the payload's other scalars by their dotted paths
};

namespace detail {

inline std::string one_line(std::string text, std::size_t limit) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return cut(text, limit);
}

// Takes values out of a payload and knows which were taken.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload) : root_(whole(payload).value_or(JsonSlice{})) {
    for_each_member(root_.text, [&](const std::string& name, const JsonSlice& value) { members_[name] = value; });
  }

  // The text of the first path, "member" or "member.member", that leads to one.
  std::string first(std::initializer_list<std::string_view> paths) {
    for (const auto path : paths) {
      const auto dot = std::min(path.find('.'), path.size());
      const auto member = members_.find(path.substr(0, dot));
      if (member == members_.end()) continue;
      const auto found =
          dot == path.size() ? std::optional(member->second) : child(member->second, path.substr(dot + 1));
      if (!found || found->kind == JsonKind::object || found->kind == JsonKind::array) continue;
      if (auto text = text_of(*found); !text.empty()) return taken_.emplace_back(path), text;
    }
    return {};
  }

  // Every scalar that nobody took, up to the limit.
  void rest(std::vector<std::pair<std::string, std::string>>& facts) const { collect(root_, "", 0, facts); }

 private:
  static constexpr int deepest = 6;

  void collect(const JsonSlice& value, const std::string& path, int depth,
               std::vector<std::pair<std::string, std::string>>& facts) const {
    if (facts.size() > Summary::max_facts || depth > deepest || value.kind == JsonKind::null) return;
    const auto below = [&](const std::string& name, const JsonSlice& each) {
      collect(each, path.empty() ? name : path + "." + name, depth + 1, facts);
    };
    if (value.kind == JsonKind::object) return for_each_member(value.text, below);
    if (value.kind == JsonKind::array) {
      std::size_t i = 0;
      return for_each_element(value.text, [&](const JsonSlice& each) { below(std::to_string(i++), each); });
    }
    if (std::ranges::find(taken_, path) != taken_.end()) return;
    if (facts.size() == Summary::max_facts) {
      facts.emplace_back("…", "more than " + std::to_string(Summary::max_facts) + " values; the rest is left out");
    } else {
      facts.emplace_back(one_line(path, Summary::max_fact), one_line(text_of(value), Summary::max_fact));
    }
  }

  JsonSlice root_;
  std::map<std::string, JsonSlice, std::less<>> members_;
  std::vector<std::string_view> taken_;
};

}  // namespace detail

inline std::string_view name_of(Subject subject) {
  switch (subject) {
    case Subject::alert: return "Alert";
    case Subject::evidence: return "Evidence";
    case Subject::ticket: return "Ticket";
    case Subject::other: break;
  }
  return "Event";
}

inline Summary summarise(const sdk::Delivery& delivery) {
  Summary out;
  const auto type = delivery.event_type();
  out.subject = type.starts_with("alert.")      ? Subject::alert
                : type.starts_with("evidence.") ? Subject::evidence
                : type.starts_with("ticket.")   ? Subject::ticket
                                                : Subject::other;
  const auto dot = type.rfind('.');
  out.action = type.substr(dot == std::string_view::npos ? 0 : dot + 1);

  detail::PayloadReader read(delivery.payload());
  const std::string ids[] = {read.first({"alert_id"}), read.first({"evidence_id"}), read.first({"ticket_id"})};
  if (out.subject != Subject::other) out.id = ids[static_cast<std::size_t>(out.subject)];
  if (out.id.empty()) out.id = delivery.event_id();

  out.title = detail::one_line(read.first({"ticket.title", "alert.title", "evidence.title", "title", "name"}),
                               Summary::max_title);
  out.has_title = !out.title.empty();
  if (!out.has_title) {
    out.title = out.subject == Subject::other ? std::string(type)
                                              : std::string(name_of(out.subject)) + " " + out.id + " " + out.action;
    out.title = detail::one_line(out.title, Summary::max_title);
  }
  out.severity = detail::one_line(
      read.first({"alert.severity", "ticket.priority", "ticket.severity", "severity", "priority"}), Summary::max_fact);
  out.status =
      detail::one_line(read.first({"alert.status", "ticket.status", "evidence.status", "status"}), Summary::max_fact);
  out.author = detail::one_line(read.first({"comment.author"}), Summary::max_fact);
  const auto visibility = text_at(delivery.payload(), "comment.visibility");
  out.internal = visibility == "internal" || visibility == "private";
  out.text = cut(read.first({"comment.text", "comment.body", "ticket.body", "ticket.description", "alert.description",
                             "evidence.description", "summary", "change.reason", "escalation.reason", "description",
                             "message", "text"}),
                 Summary::max_text);
  out.link = read.first({"link", "url", "alert.url", "alert.link", "ticket.url", "ticket.link", "evidence.url"});
  if (!out.link.starts_with("https://") && !out.link.starts_with("http://")) out.link.clear();
  read.rest(out.facts);
  return out;
}

// "alert.updated · high · open": one line about the event beside its title.
inline std::string subline(const sdk::Delivery& delivery, const Summary& summary) {
  std::string out(delivery.event_type());
  for (const auto& word : {summary.severity, summary.status})
    if (!word.empty()) out += " · " + word;
  return out;
}

// The whole of a summary but its title, as plain text with one fact a line.
inline std::string plain_text(const sdk::Delivery& delivery, const Summary& summary) {
  std::string out = subline(delivery, summary) + "\n";
  if (!summary.text.empty()) out += "\n" + (summary.author.empty() ? "" : summary.author + ": ") + summary.text + "\n";
  if (!summary.facts.empty()) out += "\n";
  for (const auto& [name, value] : summary.facts) out += name + ": " + value + "\n";
  out += "\n";
  if (!summary.link.empty()) out += summary.link + "\n";
  const auto named = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out += std::string(name) + ": " + std::string(value) + "\n";
  };
  named("alert_id", delivery.alert_id());
  named("evidence_id", delivery.evidence_id());
  named("ticket_id", delivery.ticket_id());
  named("event_id", delivery.event_id());
  named("time", delivery.timestamp());
  out.pop_back();
  return out;
}

// plain_text() for where the title does not stand beside it.
inline std::string note_text(const sdk::Delivery& delivery, const Summary& summary) {
  return summary.title + "\n" + plain_text(delivery, summary);
}

}  // namespace opi::kit
