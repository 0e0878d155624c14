#include "node/plugin_report.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace opi::node {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

json::string_view text(std::string_view view) { return {view.data(), view.size()}; }

fs::path report_file(const fs::path& state_directory) { return state_directory / "plugins.json"; }

json::array views_of(const plugins::PluginHost::Plugins& plugins) {
  json::array views;
  for (const auto& plugin : plugins) views.push_back(view_of(*plugin));
  return views;
}

}  // namespace

json::object view_of(const plugins::Plugin& plugin) {
  json::array offers;
  for (const auto& component : plugin.manifest().components) {
    const bool adapter = component.kind == plugins::ComponentKind::adapter;
    json::array needs;
    for (const auto& need : component.needs.described()) needs.emplace_back(need);
    offers.push_back({{"kind", adapter ? "adapter" : "secret_provider"},
                      {"id", component.id},
                      {"title", component.title},
                      {"scheme", component.reference ? json::value(text(component.reference->scheme())) : nullptr},
                      {"needs", std::move(needs)}});
  }
  return {{"plugin", plugin.manifest().id},     {"version", plugin.manifest().version},
          {"vendor", plugin.manifest().vendor}, {"file", plugin.file()},
          {"sha256", plugin.sha256()},          {"isolation", text(plugins::to_string(plugin.isolation()))},
          {"components", std::move(offers)}};
}

json::object view_of(const plugins::Refusal& refusal) {
  return {{"file", refusal.file},
          {"stage", text(plugins::to_string(refusal.stage))},
          {"code", refusal.code},
          {"message", refusal.message},
          {"remedy", refusal.remedy}};
}

void write_plugin_report(const fs::path& state_directory, const plugins::PluginHost& host,
                         const plugins::PluginHost::Change& change) {
  json::array refused;
  for (const auto& refusal : change.refused) refused.push_back(view_of(refusal));
  const json::object report{
      {"pid", ::getpid()},
      {"generation", host.generation()},
      {"running", views_of(host.loaded())},
      {"change",
       {{"loaded", views_of(change.loaded)}, {"retired", views_of(change.retired)}, {"refused", std::move(refused)}}}};
  const fs::path part = report_file(state_directory).string() + ".part";
  {
    std::ofstream stream(part, std::ios::trunc);
    stream << json::serialize(report) << "\n";
    if (!stream.flush()) throw std::runtime_error("cannot write " + part.string());
  }
  fs::rename(part, report_file(state_directory));
}

std::optional<PluginReport> read_plugin_report(const fs::path& state_directory) {
  std::ifstream stream(report_file(state_directory));
  if (!stream) return std::nullopt;
  json::error_code fault;
  const auto parsed = json::parse(std::string{std::istreambuf_iterator<char>(stream), {}}, fault);
  const auto* report = fault ? nullptr : parsed.if_object();
  if (report == nullptr) return std::nullopt;
  const auto* pid = report->if_contains("pid");
  const auto* generation = report->if_contains("generation");
  const auto* change = report->if_contains("change");
  if (pid == nullptr || !pid->is_int64() || generation == nullptr || !generation->is_int64() || change == nullptr ||
      !change->is_object())
    return std::nullopt;
  const auto* running = report->if_contains("running");
  return PluginReport{static_cast<pid_t>(pid->get_int64()), static_cast<std::uint64_t>(generation->get_int64()),
                      change->get_object(),
                      running != nullptr && running->is_array() ? running->get_array() : json::array{}};
}

bool daemon_is_running(const fs::path& state_directory) {
  const auto file = state_directory / "breadcrumbs";  // every daemon holds its lock
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return false;
  if (fd < 0) throw std::system_error(errno, std::generic_category(), file.string() + " cannot be read");
  const bool locked = ::flock(fd, LOCK_SH | LOCK_NB) != 0;
  ::close(fd);
  return locked;
}

}  // namespace opi::node
