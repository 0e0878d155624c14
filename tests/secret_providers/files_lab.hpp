#pragma once
#include <stdlib.h>

#include <optional>

#include "secret_providers/provider_lab.hpp"

namespace opi::plugins::testing {

inline constexpr auto own_only = fs::perms::owner_read | fs::perms::owner_write;
inline constexpr auto of_kubelet = own_only | fs::perms::group_read | fs::perms::others_read;

// A directory on whatever holds the temporary files, or in memory as kubelet's.
class FilesLab : public ::testing::Test {
 protected:
  explicit FilesLab(const fs::path& base = fs::temp_directory_path()) {
    std::string pattern = (base / "opi-files-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    top_ = pattern;
    fs::create_directories(root());
  }
  ~FilesLab() override {
    std::error_code ignored;
    fs::remove_all(top_, ignored);
  }
  // Outside of the root there is something, too.
  [[nodiscard]] fs::path root() const { return top_ / "root"; }
  void write(const std::string& name, std::string_view value, fs::perms mode = own_only) const {
    fs::create_directories((root() / name).parent_path());
    std::ofstream(root() / name, std::ios::binary) << value;
    fs::permissions(root() / name, mode);
  }
  ProviderLab& provider(const std::string& more = "") {
    return lab_.emplace(OPI_TEST_SECRETS_FILES, "files", R"({"root":")" + root().string() + "\"" + more + "}");
  }
  secrets::ResolveResult ask(const std::string& reference) { return (lab_ ? *lab_ : provider()).resolve(reference); }
  secrets::ResolveResult signing() { return ask("file://acme/hook/signing"); }

  fs::path top_;
  std::optional<ProviderLab> lab_;
};

}  // namespace opi::plugins::testing
