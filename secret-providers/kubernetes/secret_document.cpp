#include "secret_document.hpp"

#include <opi/plugin.hpp>

namespace opi::kubernetes {
namespace {

namespace json = boost::json;
using sdk::Failure;

constexpr std::size_t parsed_bytes = 16 * 1024 * 1024, most_depth = 64, most_version_bytes = 128;

[[noreturn]] void unusable(const std::string& why) { throw Failure(OPI_E_FAILED, "the API server's answer " + why); }

std::string_view text(const json::object& object, std::string_view name) {
  const auto* const found = object.if_contains({name.data(), name.size()});
  if (found == nullptr || !found->is_string()) return {};
  return {found->get_string().data(), found->get_string().size()};
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const auto* const found = object.if_contains({name.data(), name.size()});
  return found == nullptr ? nullptr : found->if_object();
}

}  // namespace

struct SecretDocument::Parsed {
  PrivateBuffer pages{parsed_bytes};
  json::static_resource memory{reinterpret_cast<unsigned char*>(pages.data()), pages.capacity()};
  json::value root = json::value(json::storage_ptr(&memory));
};

SecretDocument::SecretDocument(const PrivateBuffer& body, std::string_view kind, const Target& target)
    : parsed_(std::make_unique<Parsed>()) {
  try {
    json::parse_options options;
    options.max_depth = most_depth;
    json::parser parser(&parsed_->memory, options);
    parser.reset(&parsed_->memory);
    json::error_code fault;
    parser.write({body.view().data(), body.view().size()}, fault);
    if (fault) unusable("is not JSON");
    parsed_->root = parser.release();
  } catch (const std::bad_alloc&) {
    unusable("is too large to be parsed");
  }
  const auto* const root = parsed_->root.if_object();
  metadata_ = root == nullptr ? nullptr : object_at(*root, "metadata");
  if (metadata_ == nullptr || text(*root, "kind") != kind) unusable("is no " + std::string(kind));
  if (text(*metadata_, "name") != target.name || text(*metadata_, "namespace") != target.space)
    unusable("is about another Secret");
  if (text(*metadata_, "uid").empty() || text(*metadata_, "resourceVersion").empty() ||
      version().size() > most_version_bytes)
    unusable("has no uid and resourceVersion that could be a version");
  data_ = object_at(*root, "data");
}

SecretDocument::~SecretDocument() = default;

std::string SecretDocument::version() const {
  return std::string(text(*metadata_, "uid")) + "/" + std::string(text(*metadata_, "resourceVersion"));
}

std::optional<std::string> SecretDocument::label(std::string_view key) const {
  const auto* const labels = object_at(*metadata_, "labels");
  if (labels == nullptr || !labels->contains({key.data(), key.size()})) return std::nullopt;
  return std::string(text(*labels, key));
}

std::optional<std::string_view> SecretDocument::data(std::string_view key) const {
  const auto* const found = data_ == nullptr ? nullptr : data_->if_contains({key.data(), key.size()});
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) throw Failure(OPI_E_INVALID, "the key's data is not a text");
  return std::string_view{found->get_string().data(), found->get_string().size()};
}

void SecretDocument::check_size() const {
  if (data_ == nullptr) return;
  std::size_t bytes = 0;
  for (const auto& [key, value] : *data_)
    if (value.is_string()) bytes += value.get_string().size() / 4 * 3;
  // Each value's padding may count for two bytes that are none.
  if (bytes > most_data_bytes + 2 * data_->size())
    throw Failure(OPI_E_TOO_LARGE, "the Secret holds more than 1 MiB of data");
}

}  // namespace opi::kubernetes
