#pragma once
#include <span>
#include <string>
#include <string_view>

namespace opi::plugins {

// What a plugin learns in confidence during a call. While it lives, what the plugin logs from this thread does not
// repeat it.
class Confidence {
 public:
  explicit Confidence(std::span<const std::string> texts) : Confidence(texts, false) {}
  // Of a call that is about secrets which the host does not know yet: nothing that looks like a value is repeated.
  static Confidence about_secrets() { return {{}, true}; }
  ~Confidence();
  Confidence(const Confidence&) = delete;
  Confidence& operator=(const Confidence&) = delete;

  // Foreign text as it may be logged by this thread now: redacted, and at most `limit` characters.
  static std::string keep(std::string_view text, std::size_t limit);

 private:
  Confidence(std::span<const std::string> texts, bool strict);

  const std::span<const std::string> texts_;
  const bool strict_;
  const Confidence* const outer_;
};

}  // namespace opi::plugins
