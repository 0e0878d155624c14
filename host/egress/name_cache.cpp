#include "egress/name_cache.hpp"

namespace opi::egress {

const Resolution* NameCache::find(const std::string& host, MonoTime now) {
  const auto found = entries_.find(host);
  if (found == entries_.end()) return nullptr;
  if (found->second.stale_at <= now) {
    entries_.erase(found);
    return nullptr;
  }
  return &found->second.resolution;
}

void NameCache::put(const std::string& host, const Resolution& resolution, MonoTime now) {
  if (options_.max_names == 0) return;
  if (entries_.size() >= options_.max_names && !entries_.contains(host)) {
    std::erase_if(entries_, [&](const auto& entry) { return entry.second.stale_at <= now; });
    if (entries_.size() >= options_.max_names) entries_.erase(entries_.begin());
  }
  const auto keep = resolution.addresses.empty() ? options_.keep_failure : options_.keep;
  entries_.insert_or_assign(host, Entry{resolution, now + keep});
}

}  // namespace opi::egress
