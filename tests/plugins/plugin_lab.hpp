#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "plugins/plugin_host.hpp"

namespace opi::plugins::testing {

namespace fs = std::filesystem;

// Keeps what was logged, one text a line: "event name=value …".
class RecordingLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view event, std::initializer_list<telemetry::Field> fields) override {
    std::ostringstream line;
    line << event;
    for (const auto& field : fields) {
      line << ' ' << field.name << '=';
      std::visit([&](const auto& value) { line << value; }, field.value);
    }
    const std::lock_guard lock(mutex_);
    lines_.push_back(line.str());
  }
  [[nodiscard]] bool enabled(telemetry::Level) const override { return true; }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const auto& line : lines_) all += line + "\n";
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// A plugin directory and a state directory of a test's own, gone with it.
class PluginLab {
 public:
  PluginLab() {
    std::string pattern = (fs::temp_directory_path() / "opi-plugins-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    root_ = pattern;
    fs::create_directory(plugins());
    fs::permissions(plugins(), fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec);
  }
  ~PluginLab() {
    std::error_code error;
    fs::remove_all(root_, error);
  }
  PluginLab(const PluginLab&) = delete;
  PluginLab& operator=(const PluginLab&) = delete;

  [[nodiscard]] const fs::path& root() const { return root_; }
  [[nodiscard]] fs::path plugins() const { return root_ / "plugins.d"; }
  [[nodiscard]] fs::path state() const { return root_ / "state"; }
  [[nodiscard]] RecordingLogger& logger() { return logger_; }

  fs::path add(const fs::path& plugin, const std::string& name = {}) {
    const auto target = plugins() / (name.empty() ? plugin.filename().string() : name);
    fs::copy_file(plugin, target, fs::copy_options::overwrite_existing);
    fs::permissions(target, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec);
    return target;
  }
  fs::path add_bytes(const std::string& name, std::string_view bytes) {
    const auto target = plugins() / name;
    std::ofstream(target, std::ios::binary) << bytes;
    fs::permissions(target, fs::perms::owner_all);
    return target;
  }

  [[nodiscard]] PluginHost::Options options(const std::string& environment = "test") const {
    PluginHost::Options options;
    options.directory = plugins();
    options.state_directory = state();
    options.environment = environment;
    options.host_version = "test";
    options.probe = {OPI_TEST_PROBE, std::chrono::milliseconds{10'000}};
    return options;
  }
  [[nodiscard]] std::unique_ptr<PluginHost> load(PluginHost::Options options) {
    auto host = std::make_unique<PluginHost>(std::move(options), logger_);
    host->load_directory();
    return host;
  }
  [[nodiscard]] std::unique_ptr<PluginHost> load() { return load(options()); }

 private:
  fs::path root_;
  RecordingLogger logger_;
};

inline std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// "<stage> <code>" of each refusal of a file, in order.
inline std::vector<std::string> verdicts(const PluginHost& host, const fs::path& file) {
  std::vector<std::string> found;
  for (const auto& refusal : host.refused())
    if (refusal.file == file.string()) found.push_back(std::string(to_string(refusal.stage)) + " " + refusal.code);
  return found;
}

}  // namespace opi::plugins::testing
