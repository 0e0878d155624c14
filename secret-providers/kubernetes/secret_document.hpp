#pragma once
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "private_buffer.hpp"

namespace opi::kubernetes {

struct Target {
  std::string space, name;  // namespace and Secret
};

// What an API server says of one Secret: its metadata alone, or with its data. All of it lies in private pages, the
// parser's copies too.
class SecretDocument {
 public:
  // What etcd takes of one Secret.
  static constexpr std::size_t most_data_bytes = 1024 * 1024;

  // Throws sdk::Failure (FAILED) if it is not the answer about `target` of this kind.
  SecretDocument(const PrivateBuffer& body, std::string_view kind, const Target& target);
  ~SecretDocument();
  SecretDocument(const SecretDocument&) = delete;

  // Changes with every change of the Secret, and when it is deleted and made anew.
  [[nodiscard]] std::string version() const;
  [[nodiscard]] std::optional<std::string> label(std::string_view key) const;
  // The base64 of a key; nullopt: it has no such key. Throws sdk::Failure (INVALID) if it is not a text.
  [[nodiscard]] std::optional<std::string_view> data(std::string_view key) const;
  // Throws sdk::Failure (TOO_LARGE) if there is more data than a Secret can have.
  void check_size() const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
  const boost::json::object* metadata_ = nullptr;
  const boost::json::object* data_ = nullptr;
};

}  // namespace opi::kubernetes
