#include "identity/failed_sign_ins.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "foundation/mutex.hpp"

namespace opi::identity {
namespace {

constexpr const char* other_addresses = "others";

audit::Entry entry_of(const std::string& address, int attempts, UnixTime first_at, UnixTime now) {
  audit::Entry entry;
  entry.tenant = audit::system_tenant();
  entry.at = now;
  entry.actor_id = "anonymous";
  entry.action = audit::Action::sign_in_failed;
  entry.target = "address:" + address;
  entry.details = boost::json::serialize(
      boost::json::object{{"attempts", attempts}, {"first_at_ms", first_at.time_since_epoch().count()}});
  return entry;
}

}  // namespace

std::chrono::milliseconds FailedSignIns::note(const std::string& address) {
  {
    const Lock lock(mutex_);
    const bool known = counts_.contains(address) || counts_.size() < options_.addresses;
    auto& count = counts_[known ? address : other_addresses];
    if (count.attempts++ == 0) count.first_at = clock_.unix_now();
  }
  return limit_.take(address, clock_.mono_now());
}

void FailedSignIns::write(bool all) {
  std::map<std::string, Count> taken;
  std::vector<audit::Entry> entries;
  {
    const Lock lock(mutex_);
    const MonoTime now = clock_.mono_now();
    for (auto at = counts_.begin(); at != counts_.end();) {
      auto& [address, count] = *at;
      const bool due = now >= count.due;
      if (count.attempts == 0 && due) {
        at = counts_.erase(at);
        continue;
      }
      if (count.attempts > 0 && (due || all)) {
        taken[address] = count;
        entries.push_back(entry_of(address, count.attempts, count.first_at, clock_.unix_now()));
        count = {0, {}, now + options_.interval};
      }
      ++at;
    }
  }
  if (entries.empty()) return;
  try {
    log_.append(entries);
  } catch (...) {
    const Lock lock(mutex_);
    for (const auto& [address, count] : taken) {
      auto& now_counted = counts_[address];
      now_counted.attempts += count.attempts;
      now_counted.first_at = count.first_at;
      now_counted.due = count.due;
    }
    throw;
  }
}

}  // namespace opi::identity
