#include "delivery/withholding.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "secrets/scrub.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

// Whether there was anything to blank out.
bool scrub(std::string& text, const secrets::Confidential& confidential) {
  auto scrubbed = text;
  secrets::scrub(scrubbed, *confidential.secrets, confidential.more);
  const bool changed = scrubbed != text;
  if (changed) text = std::move(scrubbed);
  return changed;
}

bool scrub(json::string& text, const secrets::Confidential& confidential) {
  std::string plain(text);
  const bool changed = scrub(plain, confidential);
  if (changed) text = plain;
  return changed;
}

// The parser bounds how deep it goes.
bool scrub(json::value& value, const secrets::Confidential& confidential) {
  bool changed = false;
  if (auto* text = value.if_string()) return scrub(*text, confidential);
  if (auto* list = value.if_array()) {
    for (auto& each : *list) changed = scrub(each, confidential) || changed;
  } else if (auto* object = value.if_object()) {
    json::object scrubbed;
    for (auto& [name, each] : *object) {
      std::string shown(name);
      changed = scrub(shown, confidential) || changed;
      changed = scrub(each, confidential) || changed;
      scrubbed[shown] = std::move(each);
    }
    *object = std::move(scrubbed);
  } else if (value.is_number()) {
    auto digits = json::serialize(value);
    changed = scrub(digits, confidential);
    if (changed) value = json::string(digits);
  }
  return changed;
}

bool scrub_carry(std::string& carry, const secrets::Confidential& confidential) {
  json::error_code failure;
  auto value = json::parse(carry, failure);
  if (failure) return scrub(carry, confidential);
  const bool changed = scrub(value, confidential);
  if (changed) carry = json::serialize(value);
  return changed;
}

bool holds_secret(std::string text, const secrets::Confidential& confidential) { return scrub(text, confidential); }

}  // namespace

std::vector<std::string> withhold_secrets(Outcome& outcome, std::span<const Header> headers,
                                          const secrets::Confidential& confidential) {
  const bool echoed =
      scrub(outcome.response_summary, confidential) || std::ranges::any_of(headers, [&](const Header& header) {
        return holds_secret(header.name, confidential) || holds_secret(header.value, confidential);
      });
  for (auto* text : {&outcome.reason, &outcome.detail, &outcome.peer}) {
    if (echoed)
      secrets::scrub_pieces(*text, *confidential.secrets, confidential.more);
    else
      scrub(*text, confidential);
  }
  std::vector<std::string> touched;
  for (const auto& [text, name] :
       {std::pair{&outcome.external_ref, "external_ref"}, std::pair{&outcome.external_url, "external_url"}})
    if (holds_secret(*text, confidential)) {
      text->clear();
      touched.emplace_back(name);
    }
  if (!outcome.carry.empty() && scrub_carry(outcome.carry, confidential)) touched.emplace_back("carry");
  return touched;
}

}  // namespace opi::delivery
