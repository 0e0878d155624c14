#include "postgres/work_channel.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace opi::postgres {

std::string announcement_of(std::span<const DestinationId> destinations) {
  std::string script = "BEGIN; SET LOCAL synchronous_commit = off; ";
  if (destinations.empty() || destinations.size() > announced_at_most)
    script += "NOTIFY integration_work; ";
  else
    while (!destinations.empty()) {
      const auto part = destinations.first(std::min(destinations.size(), announced_a_payload));
      destinations = destinations.subspan(part.size());
      script += "NOTIFY integration_work, '";
      for (const auto& id : part) {
        if (script.back() != '\'') script += ' ';
        script += crypto::to_hex(id.value.bytes);
      }
      script += "'; ";
    }
  return script + "COMMIT";
}

std::optional<std::vector<DestinationId>> announced_in(std::string_view payload) {
  std::vector<DestinationId> ids;
  while (!payload.empty()) {
    const auto word = payload.substr(0, payload.find(' '));
    payload.remove_prefix(std::min(payload.size(), word.size() + 1));
    const auto bytes = crypto::from_hex(word);
    DestinationId id;
    if (!bytes || bytes->size() != id.value.bytes.size()) return std::nullopt;
    std::ranges::copy(*bytes, id.value.bytes.begin());
    ids.push_back(id);
  }
  if (ids.empty()) return std::nullopt;
  return ids;
}

}  // namespace opi::postgres
