#include "message.hpp"

#include <opi/kit/priority.hpp>
#include <opi/kit/summary.hpp>
#include <opi/kit/ticket.hpp>
#include <opi/kit/web_link.hpp>

#include "mrkdwn.hpp"

namespace opi::slack {
namespace {

namespace json = boost::json;

// Of https://docs.slack.dev/reference/block-kit/blocks, in characters. A message of all blocks at these limits would be
// refused: Slack takes about 13,000 characters of blocks in all. So facts are held shorter than a field may be.
constexpr std::size_t header_limit = 150, section_limit = 3000, fields_limit = 10, fact_limit = 500, line_limit = 1000;

std::string_view sign_of(const sdk::Delivery& delivery, const kit::Summary& summary) {
  if (kit::action_of(delivery) == kit::TicketAction::close) return "✅ ";
  const auto urgency = kit::urgency_of(summary.severity);
  if (!urgency) return "";
  switch (*urgency) {
    case kit::Urgency::critical: return "🔴 ";
    case kit::Urgency::high: return "🟠 ";
    case kit::Urgency::medium: return "🟡 ";
    case kit::Urgency::low: break;
  }
  return "🔵 ";
}

// verbatim: Slack does not look for links and names in the text.
json::object markup(std::string text) { return {{"type", "mrkdwn"}, {"text", std::move(text)}, {"verbatim", true}}; }

json::object section(std::string text) { return {{"type", "section"}, {"text", markup(std::move(text))}}; }

json::object context(std::string text) {
  return {{"type", "context"}, {"elements", json::array{markup(std::move(text))}}};
}

// Parts joined to one line, the empty ones left out.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts)
    if (!part.empty()) out.append(out.empty() ? "" : " · ").append(part);
  return out;
}

json::object facts_of(const kit::Summary& summary) {
  json::array fields;
  for (const auto& [name, value] : summary.facts) {
    if (fields.size() == fields_limit) break;
    fields.push_back(markup("*" + mrkdwn_line(name, fact_limit / 2) + "*\n" + mrkdwn_line(value, fact_limit)));
  }
  return {{"type", "section"}, {"fields", std::move(fields)}};
}

}  // namespace

json::object message_of(const sdk::Delivery& delivery, bool reply) {
  const auto summary = kit::summarise(delivery);
  const auto sign = std::string(sign_of(delivery, summary));
  const auto heading = sign + summary.title;
  const auto what = kit::subline(delivery, summary);

  json::array blocks;
  if (!reply)
    blocks.push_back(json::object{
        {"type", "header"},
        {"text", {{"type", "plain_text"}, {"text", plain_line(heading, header_limit)}, {"emoji", false}}}});
  const auto first_line = !reply ? what : summary.has_title ? joined({heading, what}) : sign + what;
  blocks.push_back(section(mrkdwn_line(first_line, line_limit)));
  if (!summary.text.empty())
    blocks.push_back(
        section(mrkdwn(summary.author.empty() ? summary.text : summary.author + ": " + summary.text, section_limit)));
  if (!summary.facts.empty()) blocks.push_back(facts_of(summary));
  if (summary.facts.size() > fields_limit)
    blocks.push_back(context(std::to_string(summary.facts.size() - fields_limit) + " more values in the event"));
  if (const auto host = kit::linkable_host(summary.link); !host.empty())
    blocks.push_back(section("<" + mrkdwn(summary.link, section_limit) + "|Open on " + mrkdwn(host, line_limit) + ">"));
  blocks.push_back(context(
      mrkdwn_line(joined({summary.id, delivery.source(), delivery.timestamp(), delivery.event_id()}), line_limit)));

  // What notifications and screen readers say. Slack wants it beside blocks.
  // Names and links in it are not looked for, nor previews fetched of what a hostile payload links to.
  return {{"text", mrkdwn_line(joined({heading, what}), line_limit)},
          {"blocks", std::move(blocks)},
          {"parse", "none"},
          {"link_names", false},
          {"unfurl_links", false},
          {"unfurl_media", false}};
}

}  // namespace opi::slack
