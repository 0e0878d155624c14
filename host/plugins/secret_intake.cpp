#include "plugins/secret_intake.hpp"

#include <algorithm>

#include "domain/redaction.hpp"
#include "secrets/scrub.hpp"

namespace opi::plugins {
namespace {

using secrets::ResolveStatus;

ResolveStatus status_of(opi_status status) {
  switch (status) {
    case OPI_E_NOT_FOUND: return ResolveStatus::not_found;
    case OPI_E_DENIED: return ResolveStatus::denied;
    case OPI_E_INVALID:
    case OPI_E_TOO_LARGE:
    case OPI_E_UNSUPPORTED: return ResolveStatus::invalid;
    default: return ResolveStatus::unavailable;
  }
}

}  // namespace

const opi_secret_out_ops SecretIntake::ops{
    sizeof(opi_secret_out_ops),
    0,
    [](void* impl, std::uint64_t key, std::uint64_t n) -> std::uint8_t* {
      try {
        return static_cast<SecretIntake*>(impl)->reserve(key, n);
      } catch (const std::exception&) {
        return nullptr;  // no memory
      }
    },
    [](void* impl, std::uint64_t key) { return static_cast<SecretIntake*>(impl)->order_.absent(key); },
    [](void* impl, const opi_secret_meta* meta) {
      auto& self = *static_cast<SecretIntake*>(impl);
      const auto status = self.order_.commit(meta);
      if (status == OPI_OK) self.keep(*meta, ResolveStatus::ok);
      return status;
    },
    [](void* impl, const opi_secret_meta* meta) {
      auto& self = *static_cast<SecretIntake*>(impl);
      const auto status = self.order_.not_modified(meta);
      if (status == OPI_OK) self.keep(*meta, ResolveStatus::not_modified);
      return status;
    },
    [](void* impl, opi_status status, opi_str reason) {
      auto& self = *static_cast<SecretIntake*>(impl);
      const auto order = self.order_.fail();
      if (order == OPI_OK) self.fail(status, reason);
      return order;
    },
};

std::uint8_t* SecretIntake::reserve(std::uint64_t key, std::uint64_t n) {
  static_assert(SecretOrder::value_bytes == secrets::Secret::max_bytes);
  if (!order_.reserve(key, n)) return nullptr;
  values_[key] = std::make_shared<secrets::Secret>(static_cast<std::size_t>(n));
  return values_[key]->writable().data();
}

void SecretIntake::keep(const opi_secret_meta& meta, ResolveStatus status) {
  result_.status = status;
  result_.version = view(meta.version);
  if (meta.ttl_ms != 0)
    result_.ttl =
        std::chrono::milliseconds{static_cast<std::int64_t>(std::min<std::uint64_t>(meta.ttl_ms, 86'400'000))};
}

void SecretIntake::fail(opi_status status, const opi_str& reason) {
  result_.status = status_of(status);
  result_.failure = "the provider gave no reason";
  if (!is_sound(reason)) return;
  std::string text{view(reason)};
  secrets::SecretSet given;
  for (const auto& value : values_)
    if (value) given.purposes.push_back({{}, {{value, {}}}, {}});
  secrets::scrub(text, given);
  result_.failure = redact_strictly(text);
}

secrets::ResolveResult SecretIntake::finish(opi_status status, std::string_view error) && {
  if (status != OPI_OK) {
    // It outweighs an answer that was given before.
    fail(status, raw(error.empty() ? std::string_view{"the provider failed without a reason"} : error));
  } else if (!order_.ended()) {
    fail(OPI_E_FAILED, raw("the provider came back without an answer"));
  }
  if (result_.status == ResolveStatus::ok)
    for (auto& value : values_) result_.values.push_back(std::move(value));
  return std::move(result_);
}

}  // namespace opi::plugins
