#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "domain/outcome.hpp"
#include "plugins/abi.hpp"

namespace opi::plugins {

struct VerdictLimits {
  static constexpr std::size_t reason_bytes = 64, detail_bytes = 512, external_ref_bytes = 256,
                               external_url_bytes = 2048;
  static constexpr std::chrono::milliseconds retry_after = std::chrono::days{30};  // longer waits are cut to this
};

// The host's side of opi_verdict_ops: takes the one verdict of an interpret() and judges it. Single-threaded.
class VerdictIntake {
 public:
  explicit VerdictIntake(bool may_continue) : may_continue_(may_continue) {}

  [[nodiscard]] opi_verdict_out out() { return {&ops, this}; }

  // The adapter's part of the outcome; nullopt if it gave none that makes sense, then fault() says what was wrong.
  [[nodiscard]] std::optional<Outcome> outcome() const;
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  static const opi_verdict_ops ops;
  opi_status set(const opi_verdict* verdict);
  opi_status refuse(const char* why, opi_status status = OPI_E_INVALID);

  std::optional<Outcome> outcome_;
  std::string fault_ = "it gave no verdict";
  bool may_continue_, spoilt_ = false;
};

}  // namespace opi::plugins
