#include <boost/json.hpp>
#include <opi/plugin.hpp>
#include <string>
#include <vector>

#include "secret_file.hpp"

namespace opi::local_secrets {
namespace {

// local://<tenant>/<purpose>/<key>/<version>: the file <directory>/<tenant>/<purpose>/<key>/<version>. For development:
// its manifest keeps it out of production.
class Provider {
 public:
  explicit Provider(const sdk::InstanceArgs& args) : directory_(parse_directory(args.config_json)) {}

  void check(const sdk::SecretQuery& query) const {
    if (query.segment_count() != 2 || query.version().empty())
      throw sdk::Failure(OPI_E_INVALID, "the reference is not local://<tenant>/<purpose>/<key>/<version>");
  }

  void resolve(const sdk::SecretQuery& query, sdk::SecretAnswer& answer) {
    check(query);
    std::vector<std::optional<SecretFile>> files;
    std::string stamps;
    bool any = false;
    for (std::size_t i = 0; i < query.key_count(); ++i) {
      const std::vector<std::string> path{std::string(query.segment(0)), std::string(query.segment(1)),
                                          std::string(query.key(i)), std::string(query.version())};
      files.push_back(SecretFile::open(directory_, path));
      stamps += files.back() ? files.back()->stamp() + ";" : ";";
      any = any || files.back().has_value();
    }
    if (!any) throw sdk::Failure(OPI_E_NOT_FOUND, "no file of that tenant, purpose, key and version");
    const auto version = std::string(query.version()) + "@" + digest(stamps);
    if (version == query.if_not_version()) return answer.not_modified(version);
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i]) {
        files[i]->read_into(answer.reserve(i, files[i]->size()));
      } else {
        answer.absent(i);
      }
    }
    answer.commit(version);
  }

 private:
  // FNV-1a, 64 bits: short however many keys there are.
  static std::string digest(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return std::to_string(hash);
  }

  static std::string parse_directory(std::string_view config) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse({config.data(), config.size()}, error);
    const auto* const object = error ? nullptr : parsed.if_object();
    const auto* const value = object == nullptr ? nullptr : object->if_contains("directory");
    if (value == nullptr || !value->is_string() || !value->get_string().starts_with('/'))
      throw sdk::Failure(OPI_E_INVALID, "directory: is required and must be an absolute path");
    return std::string(value->get_string());
  }

  std::string directory_;
};

}  // namespace
}  // namespace opi::local_secrets

OPI_PLUGIN(opi::sdk::Provider<opi::local_secrets::Provider, "local">)
