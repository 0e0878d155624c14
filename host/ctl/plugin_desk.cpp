#include "ctl/plugin_desk.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <system_error>

#include "node/parts.hpp"

namespace opi::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_secret_calls = 128;
constexpr std::chrono::milliseconds secret_patience{1'000};

}  // namespace

PrivateFolder::PrivateFolder(const fs::path& preferred) {
  const bool usable = !preferred.empty() && ::eaccess(preferred.c_str(), W_OK | X_OK) == 0;
  std::string name = ((usable ? preferred : fs::temp_directory_path()) / "integrationsctl.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "cannot make a folder like " + name);
  path_ = name;
}

PrivateFolder::~PrivateFolder() {
  std::error_code left;  // a folder that cannot be removed harms nobody; its name says whose it was
  fs::remove_all(path_, left);
}

// What the workers still do is done before the broker goes.
PluginDesk::~PluginDesk() {
  if (workers_) workers_->stop(secret_patience);
}

plugins::PluginHost& PluginDesk::host() {
  if (host_) return *host_;
  folder_ = std::make_unique<PrivateFolder>(configuration_.state_directory);
  std::error_code none;  // no crash was ever recorded, or none that we may read
  fs::copy_file(fs::path(configuration_.state_directory) / "crashes", folder_->path() / "crashes", none);
  auto options = node::plugin_options(configuration_);
  options.state_directory = folder_->path();
  host_ = std::make_unique<plugins::PluginHost>(std::move(options), logger_);
  return *host_;
}

plugins::PluginHost& PluginDesk::loaded() {
  if (loaded_) return *host_;
  registry_ = std::make_unique<plugins::PluginProviderRegistry>(host(), providers_, logger_);
  registry_->load_directory(node::provider_configs(configuration_));
  loaded_ = true;
  return *host_;
}

const secrets::SecretProviders& PluginDesk::providers() {
  loaded();
  return providers_;
}

std::vector<std::string> PluginDesk::warnings() {
  loaded();
  return logger_.take();
}

secrets::SecretBroker& PluginDesk::broker() {
  if (broker_) return *broker_;
  loaded();
  workers_ = std::make_unique<runtime::WorkerPool>("secrets", most_secret_calls, logger_);
  broker_ = std::make_unique<secrets::SecretBroker>(
      providers_,
      [this](std::function<void()> blocking, std::function<void()> after) {
        workers_->submit(std::move(blocking), [after = std::move(after)](const std::exception_ptr&) { after(); });
      },
      clock_, random_, metrics_, logger_, secrets::SecretBroker::Options{});
  return *broker_;
}

administration::CredentialCheck& PluginDesk::check() {
  constexpr std::chrono::milliseconds patience{10'000};  // a command has more time than a page of the console
  if (!check_)
    check_ = std::make_unique<administration::BrokerCredentialCheck>(
        broker(), administration::BrokerCredentialCheck::Options{patience});
  return *check_;
}

std::string PluginDesk::failure(const std::shared_ptr<const Destination>& destination, const std::string& purpose) {
  // The broker has just looked, and answers from its memory; whoever did not answer then is not waited for again.
  const auto answer = std::make_shared<std::promise<std::shared_ptr<const secrets::SecretSet>>>();
  auto set = answer->get_future();
  broker().resolve(destination, [answer](auto resolved) { answer->set_value(std::move(resolved)); });
  if (set.wait_for(secret_patience) != std::future_status::ready) return "the provider did not answer in time";
  const auto resolved = set.get();
  const auto* const found = resolved->find(purpose);
  return found == nullptr ? "" : found->failure;
}

}  // namespace opi::ctl
