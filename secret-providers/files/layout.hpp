#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace opi::file_secrets {

// Where a value stands below the root: "{tenant}/{secret}/{key}", or "{tenant}.{secret}.{key}" for a flat directory.
// {key} is in the last part, so that all keys of a secret are in one directory. Two tenants never come to one path.
// Immutable.
class Layout {
 public:
  static constexpr std::size_t max_parts = 8, max_name_bytes = 255;

  // Throws sdk::Failure, which says what is wrong.
  explicit Layout(std::string_view text);

  [[nodiscard]] bool names_tenant() const { return names_tenant_; }

  // The directories of a secret below the root. Throws sdk::Failure if they are not names of directories.
  [[nodiscard]] std::vector<std::string> directories(std::string_view tenant, std::string_view secret) const;
  // The file of a key in the last of them.
  [[nodiscard]] std::string file(std::string_view tenant, std::string_view secret, std::string_view key) const;

 private:
  enum class Kind { literal, tenant, secret, key };
  struct Piece {
    Kind kind;
    std::string text;  // of a literal
  };
  using Part = std::vector<Piece>;

  static Part parse_part(std::string_view text);
  void check_placeholders() const;
  static void check_tenant_stands_apart(const Part& part);
  static std::string expand(const Part& part, std::string_view tenant, std::string_view secret, std::string_view key);

  std::vector<Part> parts_;
  bool names_tenant_ = false;
};

}  // namespace opi::file_secrets
