#pragma once
#include <array>
#include <map>
#include <opi/kit/custom_headers.hpp>
#include <opi/kit/priority.hpp>
#include <opi/kit/template.hpp>
#include <opi/kit/ticket.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opi::ticket {

// What templates may name beside the event's own values: see docs/ticket.md.
inline constexpr std::array<std::string_view, 10> own_names{"ref",  "url",  "key",      "subject", "title",
                                                            "text", "note", "severity", "status",  "priority"};

// One request, and what its answer means.
struct Action {
  std::string method;
  kit::Template path;
  std::optional<kit::Template> body;  // a GET has none
  kit::CustomHeaders headers;
  std::string ref, url;  // JSON pointers into the answer, of find and create; url may be empty
  std::vector<int> success, retry, terminal;
};

// A destination's configuration; manifest.json has its schema. Immutable.
struct Config {
  std::map<kit::TicketStep, Action> actions;  // every step that the flow may take
  kit::TicketFlow flow{{}};
  kit::Priorities priorities;
  std::optional<kit::Template> link;  // the ticket's page below the endpoint, where answers have no URL
  std::size_t title_characters = 255, text_characters = 30'000;
};

// Throws sdk::Failure that names the field.
Config parse_config(std::string_view json);

}  // namespace opi::ticket
