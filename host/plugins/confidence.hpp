#pragma once
#include <span>
#include <string>
#include <string_view>

#include "secrets/confidential.hpp"

namespace opi::plugins {

// What a plugin learns in confidence during a call. While it lives, what the plugin logs from this thread does not
// repeat it.
class Confidence {
 public:
  // `call` may be null, and must outlive this.
  explicit Confidence(std::span<const std::string> texts, const secrets::Confidential* call = nullptr)
      : Confidence(texts, call, false) {}
  // Of a call that is about secrets which the host does not know yet: nothing that looks like a value is repeated.
  static Confidence about_secrets() { return {{}, nullptr, true}; }
  ~Confidence();
  Confidence(const Confidence&) = delete;
  Confidence& operator=(const Confidence&) = delete;

  // Foreign text as it may be logged by this thread now: redacted, and at most `limit` characters.
  static std::string keep(std::string_view text, std::size_t limit);

 private:
  Confidence(std::span<const std::string> texts, const secrets::Confidential* call, bool strict);

  const std::span<const std::string> texts_;
  const secrets::Confidential* const call_;
  const bool strict_;
  const Confidence* const outer_;
};

}  // namespace opi::plugins
