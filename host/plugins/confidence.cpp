#include "plugins/confidence.hpp"

#include "domain/redaction.hpp"
#include "secrets/scrub.hpp"

namespace opi::plugins {
namespace {

// More than is logged of it, so that nothing is cut before it is recognised.
constexpr std::size_t examined_bytes = 16 * 1024;

thread_local const Confidence* innermost = nullptr;

}  // namespace

Confidence::Confidence(std::span<const std::string> texts, const secrets::Confidential* call, bool strict)
    : texts_(texts), call_(call), strict_(strict), outer_(innermost) {
  innermost = this;
}

Confidence::~Confidence() { innermost = outer_; }

std::string Confidence::keep(std::string_view text, std::size_t limit) {
  std::string shown(text.substr(0, examined_bytes));
  bool strict = false;
  for (const auto* one = innermost; one != nullptr; one = one->outer_) {
    // A plugin may have cut in pieces what it saw.
    secrets::scrub_pieces(shown, {}, one->texts_);
    if (one->call_ != nullptr) secrets::scrub_pieces(shown, *one->call_->secrets, one->call_->more);
    strict = strict || one->strict_;
  }
  return strict ? redact_strictly(shown, limit) : redact(shown, limit);
}

}  // namespace opi::plugins
