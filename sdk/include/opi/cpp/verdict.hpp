#pragma once
#include <opi/abi.h>

#include <chrono>
#include <string>
#include <utility>

#include "opi/cpp/failure.hpp"
#include "opi/cpp/views.hpp"

namespace opi::sdk {

// What an adapter makes of a response: a kind from one of the named constructors, and optional particulars.
class Verdict {
 public:
  static Verdict delivered() { return Verdict(OPI_V_DELIVERED); }
  static Verdict retry() { return Verdict(OPI_V_RETRY); }
  static Verdict reject() { return Verdict(OPI_V_REJECT); }
  static Verdict throttle() { return Verdict(OPI_V_THROTTLE); }
  static Verdict auth() { return Verdict(OPI_V_AUTH); }
  static Verdict disable() { return Verdict(OPI_V_DISABLE); }
  static Verdict unknown() { return Verdict(OPI_V_UNKNOWN); }
#if OPI_TARGET_MINOR >= 1
  // render() is called again with the next step and this carry.
  static Verdict proceed(std::string carry) {
    Verdict verdict(OPI_V_CONTINUE);
    verdict.carry_ = std::move(carry);
    return verdict;
  }
#endif
  // The HTTP status alone says it: the tenant's policy decides whether it is retried.
  static Verdict by_status() {
    Verdict verdict(OPI_V_RETRY);
    verdict.flags_ = OPI_VERDICT_BY_STATUS;
    return verdict;
  }

  Verdict&& retry_after(std::chrono::milliseconds wait) && {
    retry_after_ms_ = wait.count() > 0 ? static_cast<std::uint64_t>(wait.count()) : 0;
    return std::move(*this);
  }
  Verdict&& reason(std::string snake_case_code) && { return reason_ = std::move(snake_case_code), std::move(*this); }
  Verdict&& detail(std::string text) && { return detail_ = std::move(text), std::move(*this); }
  Verdict&& external(std::string ref, std::string url = {}) && {
    external_ref_ = std::move(ref);
    external_url_ = std::move(url);
    return std::move(*this);
  }

  // For the layer: hands the verdict to the host.
  void give(opi_verdict_out out) const {
    opi_verdict verdict{};
    verdict.size = sizeof(opi_verdict);
    verdict.kind = kind_;
    verdict.flags = flags_;
    verdict.retry_after_ms = retry_after_ms_;
    verdict.reason = raw(reason_);
    verdict.detail = raw(detail_);
    verdict.external_ref = raw(external_ref_);
    verdict.external_url = raw(external_url_);
#if OPI_TARGET_MINOR >= 1
    verdict.carry = raw_bytes(carry_);
#endif
    const auto status = out.ops->set(out.impl, &verdict);
    if (status != OPI_OK) throw Failure(status, "the host refused the verdict");
  }

 private:
  explicit Verdict(std::uint32_t kind) : kind_(kind) {}
  std::uint32_t kind_, flags_ = 0;
  std::uint64_t retry_after_ms_ = 0;
  std::string reason_, detail_, external_ref_, external_url_;
#if OPI_TARGET_MINOR >= 1
  std::string carry_;
#endif
};

}  // namespace opi::sdk
