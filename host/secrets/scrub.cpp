#include "secrets/scrub.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "crypto/digest.hpp"
#include "secrets/digit_runs.hpp"
#include "secrets/occurrences.hpp"
#include "secrets/placed_text.hpp"

namespace opi::secrets {
namespace {

constexpr std::size_t shortest = 6;
constexpr std::size_t piece = 8;
constexpr std::size_t layers = 4;     // of escapes
constexpr std::size_t encodings = 2;  // of one within the other
constexpr std::string_view mark = "[redacted]";
constexpr std::string_view webhook_prefix = "whsec_";

std::string_view text_of(const Secret& secret) {
  const auto bytes = secret.reveal();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What is looked for. A value that looks like an escape itself is also known as that would be read: escapes of the text
// are taken away all at once. Copies are wiped, as they stand in pages that a core dump holds.
class Values {
 public:
  Values() = default;
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;
  ~Values() {
    for (auto& copy : copies_) OPENSSL_cleanse(copy->data(), copy->size());
  }

  void add(std::string_view value) {
    if (value.size() >= shortest) add_long(value);
  }
  void add_sent(std::string_view value) {
    if (value.size() >= shortest)
      add_long(value);
    else if (!value.empty())
      words_.push_back(value);
  }
  // The value's memory is not the caller's.
  void add_copy(std::string_view value) {
    if (value.size() < shortest) return;
    add_long(keep(std::string(value)));
  }

  // From now on their pieces are looked for too.
  void cut_up() {
    for (const auto value : plain_)
      for (std::size_t at = 0; at + piece <= value.size(); ++at) pieces_.insert(value.substr(at, piece));
  }

  [[nodiscard]] bool empty() const { return plain_.empty() && words_.empty(); }
  [[nodiscard]] const std::vector<std::string_view>& plain() const { return plain_; }
  [[nodiscard]] const std::vector<std::string_view>& as_words() const { return words_; }
  [[nodiscard]] const Pieces& pieces() const { return pieces_; }
  // The least that is looked for in what was cut at the groups of base64.
  [[nodiscard]] std::size_t shortest_core() const {
    std::size_t least = pieces_.empty() ? std::string_view::npos : piece;
    for (const auto value : plain_) least = std::min(least, core_of(value, most_lost_of_group).size());
    return least;
  }

 private:
  void add_long(std::string_view value) {
    if (std::ranges::find(given_, value) != given_.end()) return;
    given_.push_back(value);
    plain_.push_back(value);
    if (value.find(' ') != std::string_view::npos) {
      std::string form(value);  // as forms write it
      std::ranges::replace(form, ' ', '+');
      plain_.push_back(keep(std::move(form)));
    }
    PlacedText read(value);
    for (std::size_t layer = 0; layer < layers && has_escapes(read.bytes()); ++layer) {
      read = unescaped(read);
      if (read.bytes().size() >= shortest) plain_.push_back(keep(std::string(read.bytes())));
    }
  }
  std::string_view keep(std::string copy) {
    copies_.push_back(std::make_unique<std::string>(std::move(copy)));
    return *copies_.back();
  }

  std::vector<std::string_view> given_, plain_, words_;
  Pieces pieces_;
  std::vector<std::unique_ptr<std::string>> copies_;
};

void add_webhook_key(Values& values, std::string_view secret) {
  if (!secret.starts_with(webhook_prefix)) return;
  const auto encoded = secret.substr(webhook_prefix.size());
  values.add(encoded);
  if (auto key = crypto::from_base64(encoded)) {
    values.add_copy({reinterpret_cast<const char*>(key->data()), key->size()});
    OPENSSL_cleanse(key->data(), key->size());
  }
}

// The credential behind a scheme such as "Basic ".
std::string_view without_scheme(std::string_view sent) {
  const auto space = sent.find(' ');
  return space == std::string_view::npos ? std::string_view{} : sent.substr(space + 1);
}

// Looks behind the layers of escapes, and then, as the digits of encodings are none and have come through all layers,
// into what is encoded, where there may be layers again.
void search(PlacedText text, const Values& values, std::size_t deeper, std::size_t lost, std::vector<Interval>& found) {
  for (std::size_t layer = 0;; ++layer) {
    for (const auto value : values.plain()) find_value(text, value, lost, found);
    if (!values.pieces().empty()) find_pieces(text, values.pieces(), piece, found);
    if (deeper == encodings)
      for (const auto value : values.as_words()) find_word(text, value, found);
    if (layer == layers || !has_escapes(text.bytes())) break;
    text = unescaped(text);
  }
  if (deeper == 0 || values.plain().empty()) return;
  each_decoded(text, values.shortest_core(), [&](PlacedText&& decoded, std::size_t lost_here) {
    search(std::move(decoded), values, deeper - 1, std::max(lost, lost_here), found);
  });
}

void collect(Values& values, const SecretSet& secrets, std::span<const std::string> more) {
  for (const auto& value : more) values.add(value);
  for (const auto& purpose : secrets.purposes)
    for (const auto& version : purpose.versions) {
      values.add(text_of(*version.value));
      add_webhook_key(values, text_of(*version.value));
    }
  for (const auto& value : secrets.sent) {
    values.add_sent(text_of(*value));
    values.add_sent(without_scheme(text_of(*value)));
  }
}

void blank_out(std::string& text, const Values& values) {
  if (values.empty()) return;
  std::vector<Interval> found;
  search(PlacedText(text), values, encodings, 0, found);
  if (found.empty()) return;
  std::ranges::sort(found);
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < found.size();) {
    auto [begin, end] = found[i];
    for (++i; i < found.size() && found[i].first < end; ++i) end = std::max(end, found[i].second);
    out.append(text, at, begin - at).append(mark);
    at = end;
  }
  out.append(text, at);
  text = std::move(out);
}

}  // namespace

void scrub(std::string& text, const SecretSet& secrets, std::span<const std::string> more) {
  if (text.empty()) return;
  Values values;
  collect(values, secrets, more);
  blank_out(text, values);
}

void scrub_pieces(std::string& text, const SecretSet& secrets, std::span<const std::string> more) {
  if (text.empty()) return;
  Values values;
  collect(values, secrets, more);
  values.cut_up();
  blank_out(text, values);
}

}  // namespace opi::secrets
