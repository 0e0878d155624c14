#include "plugins/secret_order.hpp"

#include <algorithm>

namespace opi::plugins {

bool SecretOrder::reserve(std::uint64_t key, std::uint64_t n) {
  if (ended_ || key >= given_.size() || given_[key] || n == 0 || n > value_bytes) return false;
  return given_[key] = true;
}

opi_status SecretOrder::absent(std::uint64_t key) {
  if (key >= given_.size()) return OPI_E_INVALID;
  if (ended_ || given_[key]) return OPI_E_STALE;
  given_[key] = true;
  return OPI_OK;
}

opi_status SecretOrder::end(const opi_secret_meta* meta, bool whole) {
  if (ended_) return OPI_E_STALE;
  if (meta == nullptr || meta->size < offsetof(opi_secret_meta, expires_unix_ms) + sizeof(meta->expires_unix_ms))
    return OPI_E_INVALID;
  if (!is_sound(meta->version) || meta->version.n == 0 || meta->version.n > version_bytes) return OPI_E_INVALID;
  if (whole && !std::ranges::all_of(given_, [](bool given) { return given; })) return OPI_E_INVALID;
  ended_ = true;
  return OPI_OK;
}

opi_status SecretOrder::commit(const opi_secret_meta* meta) { return end(meta, true); }
opi_status SecretOrder::not_modified(const opi_secret_meta* meta) { return end(meta, false); }

opi_status SecretOrder::fail() {
  if (ended_) return OPI_E_STALE;
  ended_ = true;
  return OPI_OK;
}

}  // namespace opi::plugins
