#pragma once
#include <cstddef>
#include <vector>

#include "plugins/abi.hpp"

namespace opi::plugins {

// The order that the ABI prescribes for the answer of one resolve(), and the bounds of what is in it: each key is
// answered once, then one end. Judged where the plugin runs, and by the host. Single-threaded.
class SecretOrder {
 public:
  static constexpr std::uint64_t max_keys = 64, value_bytes = 64 * 1024, version_bytes = 128;

  explicit SecretOrder(std::uint64_t keys) : given_(static_cast<std::size_t>(keys)) {}

  // Whether there may be a value of so many bytes; then it counts as given.
  [[nodiscard]] bool reserve(std::uint64_t key, std::uint64_t n);
  [[nodiscard]] opi_status absent(std::uint64_t key);
  [[nodiscard]] opi_status commit(const opi_secret_meta* meta);
  [[nodiscard]] opi_status not_modified(const opi_secret_meta* meta);
  [[nodiscard]] opi_status fail();
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  opi_status end(const opi_secret_meta* meta, bool whole);

  std::vector<bool> given_;
  bool ended_ = false;
};

}  // namespace opi::plugins
