#pragma once
#include <memory>
#include <vector>

#include "plugins/abi.hpp"
#include "secrets/secret_provider.hpp"

namespace opi::plugins {

// The host's side of opi_secret_out_ops: takes the answer of one resolve(), values straight into Secret memory, and
// holds it to the order that the ABI prescribes. Single-threaded; one resolve.
class SecretIntake {
 public:
  static constexpr std::size_t version_bytes = 128;

  explicit SecretIntake(std::size_t keys) : answers_(keys) {}

  [[nodiscard]] opi_secret_out out() { return {&ops, this}; }
  // The answer, with the status that resolve() returned; a failed status counts as fail() with it.
  [[nodiscard]] secrets::ResolveResult finish(opi_status status, std::string_view error) &&;

 private:
  struct Answer {
    std::shared_ptr<secrets::Secret> value;
    bool given = false;
  };
  static const opi_secret_out_ops ops;

  std::uint8_t* reserve(std::uint64_t key, std::uint64_t n);
  opi_status absent(std::uint64_t key);
  opi_status end(const opi_secret_meta* meta, secrets::ResolveStatus status);
  opi_status fail(opi_status status, const opi_str& reason);

  std::vector<Answer> answers_;
  secrets::ResolveResult result_;
  bool ended_ = false;
};

}  // namespace opi::plugins
