#include "plugins/confidence.hpp"

#include "domain/redaction.hpp"
#include "secrets/scrub.hpp"

namespace opi::plugins {
namespace {

// More than is logged of it, so that nothing is cut before it is recognised.
constexpr std::size_t examined_bytes = 16 * 1024;

thread_local const Confidence* innermost = nullptr;

}  // namespace

Confidence::Confidence(std::span<const std::string> texts, bool strict)
    : texts_(texts), strict_(strict), outer_(innermost) {
  innermost = this;
}

Confidence::~Confidence() { innermost = outer_; }

std::string Confidence::keep(std::string_view text, std::size_t limit) {
  std::string shown(text.substr(0, examined_bytes));
  bool strict = false;
  for (const auto* one = innermost; one != nullptr; one = one->outer_) {
    secrets::scrub(shown, {}, one->texts_);
    strict = strict || one->strict_;
  }
  return strict ? redact_strictly(shown, limit) : redact(shown, limit);
}

}  // namespace opi::plugins
