#include "receiver/scoreboard.hpp"

#include <boost/json.hpp>

namespace opi::receiver {

std::uint32_t Scoreboard::arrived(const std::string& path, const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++paths_[path].requests;
  if (known_.size() >= max_ids) known_.clear();
  return ++known_[path + "\n" + id].arrivals;
}

void Scoreboard::refused(const std::string& path, bool outside_window) {
  const std::lock_guard lock(mutex_);
  PathStatistics& statistics = paths_[path];
  ++statistics.requests;
  ++(outside_window ? statistics.outside_window : statistics.bad_signatures);
  ++statistics.statuses[401];
}

void Scoreboard::answered(const std::string& path, const std::string& id, int status,
                          std::chrono::milliseconds unix_now) {
  const std::lock_guard lock(mutex_);
  PathStatistics& statistics = paths_[path];
  ++statistics.statuses[status];
  if (status != 200) return;
  if (known_[path + "\n" + id].accepted++ > 0) {
    ++statistics.duplicates;
    return;
  }
  ++statistics.accepted;
  if (acceptances_ == max_acceptances) return;
  ++acceptances_;
  statistics.acceptances.push_back({id, unix_now});
}

void Scoreboard::reset() {
  const std::lock_guard lock(mutex_);
  bench_ = 0;
  acceptances_ = 0;
  paths_.clear();
  known_.clear();
}

ReceiverStatistics Scoreboard::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {bench_requests(), paths_};
}

std::string to_json(const ReceiverStatistics& statistics, bool with_acceptances) {
  boost::json::object paths;
  for (const auto& [name, path] : statistics.paths) {
    boost::json::object statuses;
    for (const auto& [status, count] : path.statuses) statuses[std::to_string(status)] = count;
    boost::json::object entry{
        {"requests", path.requests}, {"bad_signatures", path.bad_signatures}, {"outside_window", path.outside_window},
        {"accepted", path.accepted}, {"duplicates", path.duplicates},         {"statuses", std::move(statuses)}};
    if (with_acceptances) {
      boost::json::array list;
      for (const auto& one : path.acceptances) list.push_back({{"id", one.id}, {"unix_ms", one.unix_time.count()}});
      entry["acceptances"] = std::move(list);
    }
    paths[name] = std::move(entry);
  }
  return boost::json::serialize(
      boost::json::object{{"bench_requests", statistics.bench_requests}, {"paths", std::move(paths)}});
}

}  // namespace opi::receiver
