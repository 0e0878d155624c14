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
    [](void* impl, std::uint64_t key) { return static_cast<SecretIntake*>(impl)->absent(key); },
    [](void* impl, const opi_secret_meta* meta) {
      return static_cast<SecretIntake*>(impl)->end(meta, ResolveStatus::ok);
    },
    [](void* impl, const opi_secret_meta* meta) {
      return static_cast<SecretIntake*>(impl)->end(meta, ResolveStatus::not_modified);
    },
    [](void* impl, opi_status status, opi_str reason) {
      return static_cast<SecretIntake*>(impl)->fail(status, reason);
    },
};

std::uint8_t* SecretIntake::reserve(std::uint64_t key, std::uint64_t n) {
  if (ended_ || key >= answers_.size() || answers_[key].given || n == 0 || n > secrets::Secret::max_bytes)
    return nullptr;
  answers_[key] = {std::make_shared<secrets::Secret>(static_cast<std::size_t>(n)), true};
  return answers_[key].value->writable().data();
}

opi_status SecretIntake::absent(std::uint64_t key) {
  if (key >= answers_.size()) return OPI_E_INVALID;
  if (ended_ || answers_[key].given) return OPI_E_STALE;
  answers_[key].given = true;
  return OPI_OK;
}

opi_status SecretIntake::end(const opi_secret_meta* meta, ResolveStatus status) {
  if (ended_) return OPI_E_STALE;
  if (meta == nullptr || meta->size < offsetof(opi_secret_meta, expires_unix_ms) + sizeof(meta->expires_unix_ms))
    return OPI_E_INVALID;
  if (!is_sound(meta->version) || meta->version.n == 0 || meta->version.n > version_bytes) return OPI_E_INVALID;
  if (status == ResolveStatus::ok && !std::ranges::all_of(answers_, &Answer::given)) return OPI_E_INVALID;
  result_.status = status;
  result_.version = view(meta->version);
  if (meta->ttl_ms != 0)
    result_.ttl =
        std::chrono::milliseconds{static_cast<std::int64_t>(std::min<std::uint64_t>(meta->ttl_ms, 86'400'000))};
  ended_ = true;
  return OPI_OK;
}

opi_status SecretIntake::fail(opi_status status, const opi_str& reason) {
  if (ended_) return OPI_E_STALE;
  ended_ = true;
  result_.status = status_of(status);
  result_.failure = "the provider gave no reason";
  if (!is_sound(reason)) return OPI_OK;
  std::string text{view(reason)};
  secrets::SecretSet given;
  for (const auto& answer : answers_)
    if (answer.value) given.purposes.push_back({{}, {{answer.value, {}}}, {}});
  secrets::scrub(text, given);
  result_.failure = redact_strictly(text);
  return OPI_OK;
}

secrets::ResolveResult SecretIntake::finish(opi_status status, std::string_view error) && {
  if (status != OPI_OK) {
    ended_ = false;  // a failed status outweighs an answer that was given before
    fail(status, raw(error.empty() ? std::string_view{"the provider failed without a reason"} : error));
  } else if (!ended_) {
    fail(OPI_E_FAILED, raw("the provider came back without an answer"));
  }
  if (result_.status == ResolveStatus::ok)
    for (auto& answer : answers_) result_.values.push_back(std::move(answer.value));
  return std::move(result_);
}

}  // namespace opi::plugins
