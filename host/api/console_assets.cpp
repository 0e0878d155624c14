#include "api/console_assets.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include "crypto/digest.hpp"

namespace opi::api {
namespace {

namespace fs = std::filesystem;

struct Type {
  std::string_view extension, content_type;
};
constexpr std::array known_types{
    Type{".html", "text/html; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"},
    Type{".css", "text/css; charset=utf-8"},
    Type{".svg", "image/svg+xml"},
    Type{".png", "image/png"},
    Type{".woff2", "font/woff2"},
    Type{".txt", "text/plain; charset=utf-8"},
    Type{".webmanifest", "application/manifest+json"},
};

// Vite puts what it names by a hash of its content here, and nothing else.
constexpr std::string_view hashed_folder = "assets/";

const Type* type_of(const fs::path& file) {
  const std::string extension = file.extension();
  const auto* found = std::ranges::find(known_types, std::string_view(extension), &Type::extension);
  return found == known_types.end() ? nullptr : found;
}

std::string text_of(const fs::path& file) {
  if (fs::file_size(file) > ConsoleAssets::max_file_bytes)
    throw std::runtime_error("console file " + file.string() + " is too large");
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) throw std::runtime_error("console file " + file.string() + " cannot be read");
  return text;
}

bool is_plain_file(const fs::path& file) {
  std::error_code unknown;
  return fs::symlink_status(file, unknown).type() == fs::file_type::regular;
}

std::string etag_of(const std::string& body) {
  constexpr std::size_t digits = 32;
  return "\"" + crypto::to_hex(crypto::sha256(body)).substr(0, digits) + "\"";
}

}  // namespace

ConsoleAssets ConsoleAssets::read(const fs::path& directory) {
  ConsoleAssets assets;
  assets.directory_ = directory.string();
  std::error_code missing;
  if (!fs::is_directory(directory, missing)) return assets;
  std::size_t bytes = 0;
  auto entry = fs::recursive_directory_iterator(directory);  // follows no links
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    const auto& file = entry->path();
    if (file.filename().string().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    const Type* type = type_of(file);
    if (type == nullptr || !is_plain_file(file)) continue;
    Asset asset{std::string(type->content_type), "", text_of(file), "", false};
    const fs::path compressed = file.string() + ".gz";
    if (is_plain_file(compressed)) asset.gzip = text_of(compressed);
    asset.etag = etag_of(asset.body);
    auto name = file.lexically_relative(directory).generic_string();
    asset.immutable = name.starts_with(hashed_folder);
    bytes += asset.body.size() + asset.gzip.size();
    assets.assets_.emplace(std::move(name), std::move(asset));
    if (bytes > max_bytes || assets.size() > max_files)
      throw std::runtime_error("console folder " + directory.string() + " holds too much for a console");
  }
  return assets;
}

const ConsoleAssets::Asset* ConsoleAssets::find(std::string_view path) const {
  const auto found = assets_.find(path);
  return found == assets_.end() ? nullptr : &found->second;
}

}  // namespace opi::api
