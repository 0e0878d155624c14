#include "plugins/verdict_intake.hpp"

#include <algorithm>

#include "delivery/adapter.hpp"

namespace opi::plugins {
namespace {

std::optional<Verdict> verdict_of(std::uint32_t kind) {
  switch (kind) {
    case OPI_V_DELIVERED: return Verdict::delivered;
    case OPI_V_RETRY: return Verdict::retry;
    case OPI_V_REJECT: return Verdict::reject;
    case OPI_V_THROTTLE: return Verdict::throttle;
    case OPI_V_AUTH: return Verdict::auth;
    case OPI_V_DISABLE: return Verdict::disable;
    case OPI_V_UNKNOWN: return Verdict::unknown;
    case OPI_V_CONTINUE: return Verdict::proceed;
    default: return std::nullopt;
  }
}

bool is_reason(std::string_view text) {
  return text.size() <= VerdictLimits::reason_bytes &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

const opi_verdict_ops VerdictIntake::ops{sizeof(opi_verdict_ops), 0,
                                         [](void* impl, const opi_verdict* verdict) -> opi_status {
                                           if (impl == nullptr) return OPI_E_INVALID;
                                           try {
                                             return static_cast<VerdictIntake*>(impl)->set(verdict);
                                           } catch (const std::bad_alloc&) {
                                             return OPI_E_NOMEM;
                                           }
                                         }};

opi_status VerdictIntake::refuse(const char* why, opi_status status) {
  spoilt_ = true;
  fault_ = why;
  return status;
}

opi_status VerdictIntake::set(const opi_verdict* verdict) {
  if (outcome_ || spoilt_) return refuse("it gave more than one verdict", OPI_E_STALE);
  if (verdict == nullptr || verdict->size < offsetof(opi_verdict, external_url) + sizeof(verdict->external_url))
    return refuse("its verdict is shorter than ABI 1.0 says");
  const auto kind = verdict_of(verdict->kind);
  if (!kind) return refuse("its verdict is of a kind that is unknown");
  const opi_bytes carry = OPI_HAS(verdict, carry) ? verdict->carry : opi_bytes{};
  if (*kind == Verdict::proceed && !may_continue_)
    return refuse("its verdict asks for more steps than a delivery may take");
  if (*kind != Verdict::proceed && carry.n != 0) return refuse("its verdict has a carry, but no next step");
  if (!is_sound(carry)) return refuse("its verdict's carry is none");
  if (carry.n > delivery::StepLimits::carry_bytes) return refuse("its verdict's carry is too long", OPI_E_TOO_LARGE);
  if ((verdict->flags & 0xffff0000u) != 0)
    return refuse("its verdict has mandatory flags that this host does not know");
  for (const auto* const text : {&verdict->reason, &verdict->detail, &verdict->external_ref, &verdict->external_url})
    if (!is_sound(*text)) return refuse("its verdict has a text that is none");
  if (!is_reason(view(verdict->reason)))
    return refuse("its verdict's reason is not a snake_case code of at most 64 bytes");
  if (verdict->external_ref.n > VerdictLimits::external_ref_bytes ||
      verdict->external_url.n > VerdictLimits::external_url_bytes)
    return refuse("its verdict's external reference is too long");
  Outcome outcome;
  outcome.verdict = *kind;
  outcome.by_status = (verdict->flags & OPI_VERDICT_BY_STATUS) != 0;
  if (verdict->retry_after_ms != 0) {
    const std::uint64_t longest = VerdictLimits::retry_after.count();
    outcome.retry_after =
        std::chrono::milliseconds{static_cast<std::int64_t>(std::min(verdict->retry_after_ms, longest))};
  }
  outcome.reason = view(verdict->reason);
  outcome.detail = view(verdict->detail).substr(0, VerdictLimits::detail_bytes);
  outcome.external_ref = view(verdict->external_ref);
  outcome.external_url = view(verdict->external_url);
  outcome.carry = view(carry);
  outcome_ = std::move(outcome);
  return OPI_OK;
}

std::optional<Outcome> VerdictIntake::outcome() const {
  if (spoilt_) return std::nullopt;
  return outcome_;
}

}  // namespace opi::plugins
