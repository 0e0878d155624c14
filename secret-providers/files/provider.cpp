#include <algorithm>
#include <atomic>
#include <opi/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "snapshot.hpp"
#include "tree.hpp"

namespace opi::file_secrets {
namespace {

using sdk::Failure;

// What OpenBao's and Vault's templates say where they found nothing.
constexpr std::string_view nothing_rendered = "<no value>";
// Kept of the deadline for what follows the last look.
constexpr std::chrono::milliseconds reserve{20};

// file://<tenant>/<secret>/<key>: files that kubelet, a CSI driver, an agent or systemd keep current. See
// docs/secret-stores.md.
class Provider {
 public:
  explicit Provider(const sdk::InstanceArgs& args) : host_(args.host), settings_(Settings::parse(args.config_json)) {
    try {
      const Tree tree(settings_.root, settings_.owners);
    } catch (const Failure& failure) {
      // What is mounted there may come later; every query says it again.
      host_.log(OPI_LOG_WARNING, "no secret can be read now", {{"reason", failure.what()}});
    }
  }

  void check(const sdk::SecretQuery& query) const { (void)names_of(query); }

  void resolve(const sdk::SecretQuery& query, sdk::SecretAnswer& answer) {
    const auto names = names_of(query);
    const Tree tree(settings_.root, settings_.owners);
    const auto snapshot = Snapshot::take(tree, names.directories, names.files, deadline_of(query));
    if (snapshot.is_stuck() && !told_of_stuck_.exchange(true))
      host_.log(
          OPI_LOG_WARNING,
          "a directory of secrets holds ..data_tmp since more than a minute: kubelet updates this volume no more; "
          "restart the pod");
    const auto version = snapshot.version(names.files);
    if (version == query.if_not_version()) return answer.not_modified(version, settings_.ttl);
    for (std::size_t i = 0; i < names.files.size(); ++i) {
      if (const auto* const file = snapshot.file(i); file != nullptr)
        give(*file, i, answer);
      else
        answer.absent(i);
    }
    answer.commit(version, settings_.ttl);
  }

 private:
  struct Names {
    std::vector<std::string> directories, files;
  };

  Names names_of(const sdk::SecretQuery& query) const {
    if (query.segment_count() != 2 || query.key_count() == 0)
      throw Failure(OPI_E_INVALID, "the reference is not file://<tenant>/<secret>/<key>");
    const auto tenant = query.segment(0), secret = query.segment(1);
    // The host has compared the reference's tenant with the one that asks.
    if (!settings_.tenant.empty() && tenant != settings_.tenant)
      throw Failure(OPI_E_DENIED, "these files belong to another tenant");
    Names names{settings_.layout.directories(tenant, secret), {}};
    for (std::size_t i = 0; i < query.key_count(); ++i)
      names.files.push_back(settings_.layout.file(tenant, secret, query.key(i)));
    return names;
  }

  static Snapshot::Clock::time_point deadline_of(const sdk::SecretQuery& query) {
    return Snapshot::Clock::time_point{std::chrono::nanoseconds{query.deadline_mono_ns()}} - reserve;
  }

  void give(const OpenFile& file, std::size_t key, sdk::SecretAnswer& answer) const {
    auto size = static_cast<std::uint64_t>(file.status.st_size);
    if (settings_.strip_newline && ends_with_newline(file)) --size;
    if (size == 0) throw Failure(OPI_E_INVALID, "the file of the secret is empty");
    if (size > settings_.max_bytes)
      throw Failure(OPI_E_TOO_LARGE, "the file of the secret is larger than the " +
                                         std::to_string(settings_.max_bytes) + " bytes of max_bytes");
    const auto memory = answer.reserve(key, size);
    read_whole(file, memory);
    const std::string_view value{reinterpret_cast<const char*>(memory.data()), memory.size()};
    if (value.find(nothing_rendered) != std::string_view::npos)
      throw Failure(OPI_E_INVALID,
                    "the file of the secret holds the text that a template renders where the store has no such key");
  }

  const sdk::Host host_;
  const Settings settings_;
  std::atomic<bool> told_of_stuck_ = false;
};

}  // namespace
}  // namespace opi::file_secrets

OPI_PLUGIN(opi::sdk::Provider<opi::file_secrets::Provider, "files">)
