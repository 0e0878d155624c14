#include "settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <opi/kit/config.hpp>

namespace opi::file_secrets {
namespace {

constexpr std::int64_t most_bytes = 65536, longest_ttl = 60, largest_uid = 4294967294;

std::string root_of(const boost::json::object& config) {
  auto root = kit::required_text(config, "root");
  if (root == "$CREDENTIALS_DIRECTORY")  // the host puts there what it was given
    kit::wrong("root", "systemd gave no $CREDENTIALS_DIRECTORY; the unit needs LoadCredential=");
  if (!root.starts_with('/') || root.find('\0') != std::string::npos) kit::wrong("root", "is not an absolute path");
  return root;
}

std::int64_t number_within(const boost::json::object& config, std::string_view field, std::int64_t most,
                           std::int64_t otherwise) {
  const auto value = kit::number(config, field, otherwise);
  if (value < 1 || value > most) kit::wrong(field, "is not within 1 and " + std::to_string(most));
  return value;
}

std::set<uid_t> owners_of(const boost::json::object& config) {
  std::set<uid_t> owners{0, ::geteuid()};
  const auto* const listed = config.if_contains("owner_uids");
  if (listed == nullptr) return owners;
  if (!listed->is_array()) kit::wrong("owner_uids", "is not a list");
  for (const auto& one : listed->get_array()) {
    if (!one.is_int64() || one.get_int64() < 1 || one.get_int64() > largest_uid)
      kit::wrong("owner_uids", "has an element that is not the id of a user");
    owners.insert(static_cast<uid_t>(one.get_int64()));
  }
  return owners;
}

}  // namespace

Settings Settings::parse(std::string_view config_json) {
  const auto config = kit::parse_config_object(config_json);
  Settings settings{root_of(config),
                    Layout(kit::text(config, "layout", "{tenant}/{secret}/{key}")),
                    kit::text(config, "tenant"),
                    kit::one_of(config, "trailing_newline", {"strip_one", "keep"}) == "strip_one",
                    static_cast<std::uint64_t>(number_within(config, "max_bytes", most_bytes, most_bytes)),
                    std::chrono::seconds{number_within(config, "ttl_seconds", longest_ttl, 5)},
                    owners_of(config)};
  if (settings.tenant.empty() && !settings.layout.names_tenant())
    kit::wrong("tenant", "is required with a layout that has no {tenant}: all tenants would share the files");
  return settings;
}

}  // namespace opi::file_secrets
