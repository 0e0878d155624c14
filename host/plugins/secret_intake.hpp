#pragma once
#include <memory>
#include <vector>

#include "plugins/secret_order.hpp"
#include "secrets/secret_provider.hpp"

namespace opi::plugins {

// The host's side of opi_secret_out_ops: takes the answer of one resolve(), values straight into Secret memory, and
// holds it to the order that the ABI prescribes. Single-threaded; one resolve.
class SecretIntake {
 public:
  explicit SecretIntake(std::size_t keys) : order_(keys), values_(keys) {}

  [[nodiscard]] opi_secret_out out() { return {&ops, this}; }
  // The answer, with the status that resolve() returned; a failed status counts as fail() with it.
  [[nodiscard]] secrets::ResolveResult finish(opi_status status, std::string_view error) &&;

 private:
  static const opi_secret_out_ops ops;

  std::uint8_t* reserve(std::uint64_t key, std::uint64_t n);
  void keep(const opi_secret_meta& meta, secrets::ResolveStatus status);
  void fail(opi_status status, const opi_str& reason);

  SecretOrder order_;
  std::vector<std::shared_ptr<secrets::Secret>> values_;  // by key; null: absent, or not given yet
  secrets::ResolveResult result_;
};

}  // namespace opi::plugins
