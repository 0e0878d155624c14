#pragma once
#include <opi/abi.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "opi/cpp/failure.hpp"
#include "opi/cpp/views.hpp"

namespace opi::sdk {

// A parsed reference; see opi_secret_query. Borrowed for the call.
class SecretQuery {
 public:
  explicit SecretQuery(const opi_secret_query& raw) : raw_(&raw) {}
  [[nodiscard]] std::string_view scheme() const { return view(raw_->scheme); }
  [[nodiscard]] std::size_t segment_count() const { return raw_->n_segments; }
  [[nodiscard]] std::string_view segment(std::size_t i) const { return view(raw_->segments[i]); }
  [[nodiscard]] std::size_t key_count() const { return raw_->n_keys; }
  [[nodiscard]] std::string_view key(std::size_t i) const { return view(raw_->keys[i]); }
  [[nodiscard]] std::string_view version() const { return view(raw_->version); }
  [[nodiscard]] std::string_view tenant() const { return view(raw_->tenant); }
  [[nodiscard]] std::string_view if_not_version() const { return view(raw_->if_not_version); }
  [[nodiscard]] std::uint64_t deadline_mono_ns() const { return raw_->deadline_mono_ns; }

 private:
  const opi_secret_query* raw_;
};

// The answer to one query: each key by reserve() or absent(), then commit() or not_modified() once. To fail, throw
// Failure with the status that opi_secret_out_ops::fail lists.
class SecretAnswer {
 public:
  explicit SecretAnswer(opi_secret_out out) : out_(out) {}

  // Host memory to write the value of key `key` into; throws Failure if the host takes no value of this size.
  std::span<std::uint8_t> reserve(std::size_t key, std::size_t n) {
    auto* const memory = out_.ops->reserve(out_.impl, key, n);
    if (memory == nullptr) throw Failure(OPI_E_TOO_LARGE, "the value is empty or larger than the host takes");
    return {memory, n};
  }
  void absent(std::size_t key) { checked(out_.ops->absent(out_.impl, key)); }
  void commit(std::string_view version, std::chrono::milliseconds ttl = {}) {
    const auto meta = meta_of(version, ttl);
    checked(out_.ops->commit(out_.impl, &meta));
  }
  void not_modified(std::string_view version, std::chrono::milliseconds ttl = {}) {
    const auto meta = meta_of(version, ttl);
    checked(out_.ops->not_modified(out_.impl, &meta));
  }

 private:
  static opi_secret_meta meta_of(std::string_view version, std::chrono::milliseconds ttl) {
    return {sizeof(opi_secret_meta), 0, raw(version), static_cast<std::uint64_t>(ttl.count() > 0 ? ttl.count() : 0), 0};
  }
  static void checked(opi_status status) {
    if (status != OPI_OK) throw Failure(status, "the host refused the answer");
  }

  opi_secret_out out_;
};

}  // namespace opi::sdk
