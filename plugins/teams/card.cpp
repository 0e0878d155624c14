#include "card.hpp"

#include <opi/kit/priority.hpp>
#include <opi/kit/summary.hpp>
#include <opi/kit/ticket.hpp>
#include <opi/kit/web_link.hpp>

#include "markdown.hpp"

namespace opi::teams {
namespace {

namespace json = boost::json;

// In UTF-16 units, none of which takes more than three bytes of JSON. All at their limit are 22,800 bytes; the frame,
// and a link at its own limit, are less than 3,500 more.
constexpr std::size_t title_limit = 200, line_limit = 300, text_limit = 3000, facts_limit = 10, name_limit = 60,
                      value_limit = 300, origin_limit = 500;

std::string_view style_of(const sdk::Delivery& delivery, const kit::Summary& summary) {
  if (kit::action_of(delivery) == kit::TicketAction::close) return "good";
  const auto urgency = kit::urgency_of(summary.severity);
  if (!urgency) return "emphasis";
  switch (*urgency) {
    case kit::Urgency::critical:
    case kit::Urgency::high: return "attention";
    case kit::Urgency::medium: return "warning";
    case kit::Urgency::low: break;
  }
  return "accent";
}

json::object text_block(std::string text) { return {{"type", "TextBlock"}, {"text", std::move(text)}, {"wrap", true}}; }

json::object subtle(std::string text) {
  auto block = text_block(std::move(text));
  block["isSubtle"] = true;
  block["size"] = "Small";
  return block;
}

json::object heading(const sdk::Delivery& delivery, const kit::Summary& summary) {
  auto title = text_block(markdown(summary.title, title_limit));
  title["size"] = "Large";
  title["weight"] = "Bolder";
  title["style"] = "heading";
  return {{"type", "Container"},
          {"style", style_of(delivery, summary)},
          {"bleed", true},
          {"items", json::array{std::move(title), text_block(markdown(kit::subline(delivery, summary), line_limit))}}};
}

json::object facts_of(const kit::Summary& summary) {
  json::array facts;
  for (const auto& [name, value] : summary.facts) {
    if (facts.size() == facts_limit) break;
    facts.push_back({{"title", markdown(name, name_limit)}, {"value", markdown(value, value_limit)}});
  }
  return {{"type", "FactSet"}, {"facts", std::move(facts)}};
}

std::string origin_of(const sdk::Delivery& delivery, const kit::Summary& summary) {
  std::string out = summary.id;
  for (const auto part : {delivery.source(), delivery.timestamp(), delivery.event_id()})
    if (!part.empty()) out.append(" · ").append(part);
  return out;
}

json::object card_of(const sdk::Delivery& delivery, bool full_width) {
  const auto summary = kit::summarise(delivery);
  json::array body{heading(delivery, summary)};
  if (!summary.text.empty())
    body.push_back(
        text_block(markdown(summary.author.empty() ? summary.text : summary.author + ": " + summary.text, text_limit)));
  if (!summary.facts.empty()) body.push_back(facts_of(summary));
  if (summary.facts.size() > facts_limit)
    body.push_back(subtle(std::to_string(summary.facts.size() - facts_limit) + " more values in the event"));
  body.push_back(subtle(markdown(origin_of(delivery, summary), origin_limit)));

  json::object card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                    {"type", "AdaptiveCard"},
                    {"version", "1.4"},
                    {"body", std::move(body)}};
  if (const auto host = kit::linkable_host(summary.link); !host.empty())
    card["actions"] =
        json::array{{{"type", "Action.OpenUrl"}, {"title", "Open on " + std::string(host)}, {"url", summary.link}}};
  if (full_width) card["msteams"] = {{"width", "Full"}};
  return card;
}

}  // namespace

json::object message_of(const sdk::Delivery& delivery, bool full_width) {
  json::object attachment{{"contentType", "application/vnd.microsoft.card.adaptive"},
                          {"contentUrl", nullptr},
                          {"content", card_of(delivery, full_width)}};
  return {{"type", "message"}, {"attachments", json::array{std::move(attachment)}}};
}

}  // namespace opi::teams
