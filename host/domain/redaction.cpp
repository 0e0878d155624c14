#include "domain/redaction.hpp"

#include <algorithm>
#include <array>

#include "domain/text.hpp"
#include "domain/text_controls.hpp"

namespace opi {
namespace {

constexpr std::size_t max_examined_bytes = 16 * 1024;
constexpr int max_passes = 8;
constexpr std::string_view mark = "[redacted]";

// Parts of field names whose values are never shown; compared in lower case without '_' and '-'.
constexpr std::array<std::string_view, 16> secret_names{
    "password", "passwd",    "passphrase", "pwd",        "secret",    "token",   "apikey",    "authorization",
    "cookie",   "signature", "credential", "privatekey", "accesskey", "session", "sharedkey", "signingkey"};
constexpr std::array<std::string_view, 3> secret_names_exact{"sig", "auth", "pin"};
constexpr std::string_view secret_name_at_an_end = "otp";  // in the middle it is a footprint's

// Beginnings of well-known credentials, with the length from which they count as one.
struct KeyShape {
  std::string_view prefix;
  std::size_t min_length;
};
constexpr std::array<KeyShape, 23> key_shapes{{
    {"opi_", 47},        {"whsec_", 12}, {"whsk_", 12}, {"sk_live_", 16}, {"sk_test_", 16}, {"rk_live_", 16},
    {"pk_live_", 16},    {"ghp_", 20},   {"gho_", 20},  {"ghu_", 20},     {"ghs_", 20},     {"ghr_", 20},
    {"github_pat_", 20}, {"glpat-", 16}, {"xoxb-", 12}, {"xoxp-", 12},    {"xoxa-", 12},    {"xoxs-", 12},
    {"xapp-", 12},       {"AKIA", 20},   {"ASIA", 20},  {"AIza", 30},     {"eyJ", 24},
}};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
bool is_credential(char c) {
  return is_word(c) || c == '.' || c == '+' || c == '/' || c == '=' || c == '~' || c == '%';
}
bool is_blank(char c) { return c == ' ' || c == '\t'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string normalised(std::string_view name) {
  std::string text;
  for (const char c : name)
    if (c != '_' && c != '-') text += lower(c);
  return text;
}

}  // namespace

bool names_secret(std::string_view name) {
  const std::string text = normalised(name);
  return std::ranges::any_of(secret_names, [&](auto n) { return text.find(n) != std::string::npos; }) ||
         std::ranges::find(secret_names_exact, text) != secret_names_exact.end() ||
         text.starts_with(secret_name_at_an_end) || text.ends_with(secret_name_at_an_end);
}

namespace {

class Redactor {
 public:
  explicit Redactor(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (skip_private_key() || skip_user_information()) continue;
      if (is_word(text_[at_]))
        word();
      else
        out_ += text_[at_++];
    }
    return std::move(out_);
  }

 private:
  bool skip_private_key() {
    if (!text_.substr(at_).starts_with("-----BEGIN ")) return false;
    out_ += mark;
    const auto end = text_.find("-----END ", at_);
    const auto close = end == text_.npos ? text_.npos : text_.find("-----", end + 9);
    at_ = close == text_.npos ? text_.size() : close + 5;
    return true;
  }

  // "://user:password@host": everything up to the last '@' of the authority goes.
  bool skip_user_information() {
    if (!text_.substr(at_).starts_with("://")) return false;
    out_ += "://";
    at_ += 3;
    std::size_t end = at_;
    while (end < text_.size() && std::string_view{"/?# \t\r\n\"'<>"}.find(text_[end]) == std::string_view::npos) ++end;
    if (const auto sign = text_.substr(at_, end - at_).rfind('@'); sign != std::string_view::npos) {
      out_ += mark;
      at_ += sign;
    }
    return true;
  }

  void word() {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (const std::size_t run = key_length(); run > 0) {
      out_ += mark;
      at_ += run;
    } else if (names_secret(word) && skip_secret_value(end)) {
      // skip_secret_value wrote the name and moved on
    } else if (const std::string name = normalised(word); name == "bearer" || name == "basic") {
      out_ += word;
      at_ = end;
      skip_credential_after_scheme();
    } else {
      out_ += word;
      at_ = end;
    }
  }

  // Length of the credential of a known shape that starts here, or 0.
  std::size_t key_length() const {
    const std::string_view rest = text_.substr(at_);
    for (const auto& shape : key_shapes) {
      if (!rest.starts_with(shape.prefix)) continue;
      const auto length = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_credential) - rest.begin());
      if (length >= shape.min_length) return length;
    }
    return 0;
  }

  // `name_end` is behind a secret's name. If a separator and a value follow, writes the name, the separator
  // and the mark, and moves behind the value.
  bool skip_secret_value(std::size_t name_end) {
    std::size_t i = name_end;
    while (i < text_.size() && (text_[i] == '\\' || text_[i] == '"' || text_[i] == '\'')) ++i;
    while (i < text_.size() && is_blank(text_[i])) ++i;
    if (i >= text_.size() || (text_[i] != ':' && text_[i] != '=')) return false;
    ++i;
    while (i < text_.size() && is_blank(text_[i])) ++i;
    if (i >= text_.size() || text_[i] == '{') return false;
    for (const std::string_view literal : {"null", "true", "false"})
      if (text_.substr(i).starts_with(literal)) return false;
    out_ += text_.substr(at_, i - at_);
    at_ = i;
    skip_value();
    return true;
  }

  void skip_value() {
    std::string_view quote;
    for (const std::string_view q : {"\\\"", "\"", "'"})
      if (text_.substr(at_).starts_with(q)) {
        quote = q;
        break;
      }
    if (!quote.empty()) {
      out_ += quote;
      at_ += quote.size();
      std::size_t end = at_;
      while (end < text_.size() && !text_.substr(end).starts_with(quote)) end += text_[end] == '\\' ? 2 : 1;
      at_ = std::min(end, text_.size());
    } else if (text_[at_] == '[') {
      const auto end = text_.find(']', at_);
      at_ = end == text_.npos ? text_.size() : end + 1;
    } else {
      // A header's value may hold blanks ("Authorization: Bearer abc", "Cookie: a=b; c=d"): up to the line's end
      // or to what closes a field in the other notations.
      const auto end = text_.find_first_of("\r\n,&\"'<>}]", at_);
      at_ = end == text_.npos ? text_.size() : end;
    }
    out_ += mark;
  }

  void skip_credential_after_scheme() {
    std::size_t start = at_;
    while (start < text_.size() && is_blank(text_[start])) ++start;
    std::size_t end = start;
    while (end < text_.size() && is_credential(text_[end])) ++end;
    if (start == at_ || end - start < 8) return;
    out_ += ' ';
    out_ += mark;
    at_ = end;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

// Valid UTF-8 on one line, at most `limit` characters.
std::string bounded(std::string_view text, std::size_t limit) {
  std::string out;
  std::size_t characters = 0, last_start = 0;
  while (!text.empty()) {
    if (characters == limit) {
      out.resize(last_start);
      return out += "…";
    }
    last_start = out.size();
    const std::size_t length = utf8_character(text);
    if (length == 0)
      out += "\xef\xbf\xbd";
    else if (control_at(text) > 0)
      out += ' ';
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
    ++characters;
  }
  return out;
}

bool is_value_character(char c) { return is_word(c) || c == '+' || c == '/' || c == '='; }

// Not a word, a name or a path that a person has chosen, but a value that a machine has.
bool looks_like_a_value(std::string_view piece) {
  const auto has = [&](char from, char to) {
    return std::ranges::any_of(piece, [&](char c) { return c >= from && c <= to; });
  };
  const bool digits = has('0', '9'), lower_case = has('a', 'z'), upper_case = has('A', 'Z');
  return digits && (lower_case || upper_case) && piece.size() >= (lower_case && upper_case ? 16 : 24);
}

std::string without_values(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_value_character) - text.begin());
    // A slash may be a path's, or the value's own: one such piece condemns the whole run.
    bool value = false;
    for (auto rest = text.substr(0, end); !value && !rest.empty();) {
      const auto piece = rest.substr(0, rest.find('/'));
      value = looks_like_a_value(piece);
      rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
    }
    out += value ? mark : text.substr(0, end);
    text.remove_prefix(end);
    if (!text.empty() && end == 0) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string redact_once(std::string_view text, std::size_t limit) {
  const bool cut = text.size() > max_examined_bytes;
  std::string redacted = Redactor(text.substr(0, max_examined_bytes)).run();
  // What was not examined is never shown: a summary longer than the examined part ends with the cut mark.
  if (cut) redacted.append(limit + 1, ' ');
  return bounded(redacted, limit);
}

}  // namespace

std::string redact_strictly(std::string_view text, std::size_t limit) {
  const std::string tame = without_values(text.substr(0, max_examined_bytes));
  return redact(text.size() > max_examined_bytes ? tame + std::string(max_examined_bytes, ' ') : tame, limit);
}

std::string redact(std::string_view text, std::size_t limit) {
  if (limit == 0) return {};
  std::string shown = redact_once(text, limit);
  // A control character that became a space, or the cut, may leave a secret's field where there was none before.
  for (int pass = 0; pass < max_passes; ++pass) {
    std::string again = redact_once(shown, limit);
    if (again == shown) break;
    shown = std::move(again);
  }
  return shown;
}

}  // namespace opi
