#include "plugins/crash_history.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "foundation/mutex.hpp"

namespace opi::plugins {
namespace {

namespace json = boost::json;

Crash crash_of(const json::value& value) {
  const auto& object = value.as_object();
  const auto text = [&](const char* name) { return std::string(object.at(name).as_string()); };
  return {text("plugin"),
          text("sha256"),
          text("phase"),
          object.at("signal").to_number<int>(),
          UnixTime{std::chrono::milliseconds{object.at("at_unix_ms").as_int64()}},
          object.contains("tenant") ? text("tenant") : std::string(),
          object.contains("what") ? text("what") : std::string(),
          object.contains("forbidden") && object.at("forbidden").as_bool()};
}

}  // namespace

CrashHistory::CrashHistory(std::filesystem::path file) : file_(std::move(file)) {
  std::ifstream in(file_, std::ios::binary);
  if (!in) return;
  std::ostringstream text;
  text << in.rdbuf();
  try {
    const auto record = json::parse(text.str());
    for (const auto& value : record.as_object().at("crashes").as_array()) crashes_.push_back(crash_of(value));
  } catch (const std::exception&) {
    // A record that cannot be read must neither stop the daemon nor be lost.
    crashes_.clear();
    std::filesystem::rename(file_, file_.string() + ".damaged");
  }
}

void CrashHistory::record(const std::vector<LeftCall>& left) {
  for (const auto& call : left)
    if (call.fatal_signal)
      record({call.plugin, call.sha256, std::string(to_string(call.phase)), *call.fatal_signal, call.at});
}

void CrashHistory::record(Crash crash) {
  const Lock changing(changing_);
  std::vector<Crash> now;
  {
    const Lock lock(mutex_);
    crashes_.push_back(std::move(crash));
    keep_newest();
    now = crashes_;
  }
  save(now);
}

std::vector<Crash> CrashHistory::crashes() const {
  const Lock lock(mutex_);
  return crashes_;
}

void CrashHistory::keep_newest() {
  std::ranges::stable_sort(crashes_, {}, &Crash::at);
  if (crashes_.size() > max_crashes) crashes_.erase(crashes_.begin(), crashes_.end() - max_crashes);
}

bool CrashHistory::release(std::string_view plugin) {
  const Lock changing(changing_);
  std::vector<Crash> now;
  {
    const Lock lock(mutex_);
    if (std::erase_if(crashes_, [&](const Crash& crash) { return crash.plugin == plugin; }) == 0) return false;
    now = crashes_;
  }
  save(now);
  return true;
}

std::string CrashHistory::quarantine(std::string_view plugin, std::string_view sha256, std::string_view tenant) const {
  const auto text = [&](std::string_view whose, const std::string& why, const Crash& last) {
    return "plugin \"" + std::string(plugin) + "\" is quarantined" + std::string(whose) + ", for it " + why +
           (last.what.empty() ? "" : ": " + last.what);
  };
  const Lock lock(mutex_);
  const Crash *of_all = nullptr, *of_tenant = nullptr;
  for (const auto& crash : crashes_) {
    if (crash.plugin != plugin || crash.sha256 != sha256) continue;
    if (crash.forbidden) return text("", "tried what no plugin may do", crash);
    if (!crash.tenant.empty() && crash.tenant != tenant) continue;
    auto*& last = crash.tenant.empty() ? of_all : of_tenant;
    if (last != nullptr && crash.at - last->at <= window)
      return text(crash.tenant.empty() ? "" : " for this tenant",
                  "died twice within " + std::to_string(window.count()) + " minutes", crash);
    last = &crash;
  }
  return {};
}

void CrashHistory::save(const std::vector<Crash>& crashes) const {
  json::array list;
  for (const auto& crash : crashes) {
    json::object one{{"plugin", crash.plugin},
                     {"sha256", crash.sha256},
                     {"phase", crash.phase},
                     {"signal", crash.signal},
                     {"at_unix_ms", crash.at.time_since_epoch().count()}};
    if (!crash.tenant.empty()) one["tenant"] = crash.tenant;
    if (!crash.what.empty()) one["what"] = crash.what;
    if (crash.forbidden) one["forbidden"] = true;
    list.push_back(std::move(one));
  }
  const auto part = file_.string() + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << json::serialize(json::object{{"version", 1}, {"crashes", std::move(list)}}) << '\n';
  out.close();
  if (!out) throw std::runtime_error(part + " cannot be written");
  std::filesystem::rename(part, file_);
}

}  // namespace opi::plugins
