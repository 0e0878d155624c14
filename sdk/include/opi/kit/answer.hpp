#pragma once
#include <opi/plugin.hpp>
#include <string>
#include <string_view>

#include "opi/kit/cut.hpp"
#include "opi/kit/json_text.hpp"
#include "opi/kit/retry_after.hpp"

// What an API says when it does not do what it was asked.
namespace opi::kit {

namespace detail {

inline void add_sentence(std::string& out, std::string_view text) {
  static constexpr std::size_t enough = 2048;
  if (text.empty() || out.size() > enough) return;
  if (!out.empty()) out += "; ";
  out += beginning(text, enough, Unit::bytes);
}

// Texts of an error value of any usual form: text, a list, {"field": text}, {"message": text}.
inline void add_error(std::string& out, const JsonSlice& value, int depth = 0) {
  if (depth > 4) return;
  if (value.kind == JsonKind::array) {
    for_each_element(value.text, [&](const JsonSlice& each) { add_error(out, each, depth + 1); });
  } else if (value.kind == JsonKind::object) {
    for_each_member(value.text, [&](const std::string& name, const JsonSlice& each) {
      std::string inner;
      add_error(inner, each, depth + 1);
      const bool says_nothing = name == "message" || name == "detail" || name == "description" || name == "errors";
      if (!inner.empty()) add_sentence(out, says_nothing ? inner : name + ": " + inner);
    });
  } else if (value.kind != JsonKind::null) {
    add_sentence(out, text_of(value));
  }
}

}  // namespace detail

// The error's text, from the members that vendors use for it, else a plain-text body; HTML is no text for people. One
// line of at most 400 bytes; empty if the answer says nothing.
inline std::string error_text(const sdk::Response& response) {
  static constexpr std::size_t longest = 400;
  std::string out;
  const auto body = response.body();
  const auto value = whole(body);
  if (value && value->kind == JsonKind::object) {
    for (const auto* const name : {"errorMessages", "error", "error_description", "message", "detail", "description",
                                   "title", "errors", "details"})
      if (const auto found = child(*value, name)) detail::add_error(out, *found);
  } else if (value && (value->kind == JsonKind::array || value->kind == JsonKind::string)) {
    detail::add_error(out, *value);
  } else if (!body.starts_with('<')) {
    out = beginning(body, 2048, Unit::bytes);
  }
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  while (out.ends_with(' ')) out.pop_back();
  return cut(out, longest, Unit::bytes);
}

// The usual verdict on an answer that is no success. An adapter says first what its vendor means otherwise.
inline sdk::Verdict judge_failure(const sdk::Response& response, std::chrono::milliseconds wait) {
  const auto said = error_text(response);
  const auto reject = [&](const char* reason) { return sdk::Verdict::reject().reason(reason).detail(said); };
  switch (const int status = response.status()) {
    case 400:
    case 422: return reject("invalid_request");
    case 401: return sdk::Verdict::auth().detail(said);
    case 403: return reject("forbidden");
    case 404:
    case 410: return reject("not_found");
    case 409: return sdk::Verdict::retry().reason("conflict").detail(said).retry_after(wait);
    case 413: return reject("too_large");
    case 429: return sdk::Verdict::throttle().detail(said).retry_after(wait);
    default:
      if (status >= 300 && status < 400) return sdk::Verdict::reject().detail("redirects are not followed");
      return sdk::Verdict::by_status().detail(said).retry_after(wait);
  }
}

inline bool succeeded(const sdk::Response& response) { return response.status() >= 200 && response.status() < 300; }

}  // namespace opi::kit
