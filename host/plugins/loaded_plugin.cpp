#include "plugins/loaded_plugin.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <new>

#include "plugins/local_adapter.hpp"
#include "plugins/local_provider.hpp"
#include "plugins/refusal_codes.hpp"
#include "plugins/table_check.hpp"

namespace opi::plugins {
namespace {

// Holds a library that must never be unloaded: threads may stand in its code, and exceptions and strings of its may
// outlive it.
class OpenForever {
 public:
  // Throws boost::system::system_error, whose text carries dlerror().
  explicit OpenForever(const std::filesystem::path& image) {
    namespace dll = boost::dll;
    new (&storage_) dll::shared_library(image, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  }
  boost::dll::shared_library& library() {
    return *std::launder(reinterpret_cast<boost::dll::shared_library*>(&storage_));
  }

 private:
  alignas(boost::dll::shared_library) std::byte storage_[sizeof(boost::dll::shared_library)]{};
};

}  // namespace

LoadedPlugin::LoadedPlugin(Source source, std::shared_ptr<Breadcrumbs> breadcrumbs, telemetry::Logger& logger)
    : Plugin(std::move(source)),
      breadcrumbs_(std::move(breadcrumbs)),
      logger_(logger),
      number_(breadcrumbs_->enrol(manifest().id, sha256())),
      services_(manifest().id, Plugin::source().environment, Plugin::source().offered_minor, logger) {}

std::shared_ptr<LoadedPlugin> LoadedPlugin::load(Source source, std::shared_ptr<Breadcrumbs> breadcrumbs,
                                                 telemetry::Logger& logger, std::vector<Refusal>& refused) {
  std::shared_ptr<LoadedPlugin> plugin(new LoadedPlugin(std::move(source), std::move(breadcrumbs), logger));
  if (!plugin->open(refused) || !plugin->start(refused)) return nullptr;
  return plugin;
}

bool LoadedPlugin::refuse(std::vector<Refusal>& refused, Stage stage, const RefusalCode& code,
                          const std::string& message) const {
  refused.push_back(refusal(source().file, stage, code, message));
  return false;
}

bool LoadedPlugin::open(std::vector<Refusal>& refused) {
  const auto before = refused.size();
  const auto status = call(Phase::load, [&]() -> opi_status {
    try {
      OpenForever opened(source().image);
      if (!opened.library().has(OPI_ENTRY_SYMBOL))
        return refuse(refused, Stage::load, codes::no_entry, "does not export " OPI_ENTRY_SYMBOL), OPI_OK;
      const auto entry = opened.library().get<const opi_plugin*(const opi_offer*, opi_error*)>(OPI_ENTRY_SYMBOL);
      const opi_offer offer{
          sizeof(opi_offer),         OPI_ABI_MAJOR, source().offered_minor, OPI_MODE_RUN, 0, raw("integrationsd"),
          raw(source().host_version)};
      ErrorSlot error;
      table_ = entry(&offer, error.out());
      if (table_ == nullptr)
        return refuse(refused, Stage::load, codes::offer_refused, "refuses this host: " + std::string(error.text())),
               OPI_OK;
    } catch (const boost::system::system_error& failure) {
      refuse(refused, Stage::load, codes::not_loadable, failure.what());
    }
    return OPI_OK;
  });
  if (status != OPI_OK) refuse(refused, Stage::load, codes::threw, "let an exception out while it was loaded");
  if (table_ != nullptr)
    for (const auto& fault : check_plugin_table(*table_, source().offered_minor))
      refuse(refused, Stage::load, *fault.code, fault.message);
  return refused.size() == before;
}

bool LoadedPlugin::start(std::vector<Refusal>& refused) {
  const auto before = refused.size();
  for (auto& fault : environment_faults()) refused.push_back(std::move(fault));
  if (refused.size() != before) return false;

  ErrorSlot error;
  const auto status = call(Phase::init, [&] { return table_->init(host(), &state_, error.out()); });
  if (status == OPI_E_EXCEPTION && error.text().empty())
    return refuse(refused, Stage::init, codes::threw, "let an exception out of init");
  if (status != OPI_OK)
    return refuse(refused, Stage::init, codes::init_failed,
                  "init failed with status " + std::to_string(status) + ": " + std::string(error.text()));
  started_ = true;
  const auto checked = call(Phase::init, [&]() -> opi_status {
    for (const auto& component : source().manifest.components)
      for (const auto& fault : check_component_tables(*table_, state_, component.id, component.interfaces))
        refuse(refused, Stage::init, *fault.code, fault.message);
    return OPI_OK;
  });
  if (checked != OPI_OK) refuse(refused, Stage::init, codes::threw, "let an exception out of get_interface");
  return refused.size() == before;
}

std::unique_ptr<AdapterInstance> LoadedPlugin::adapter(const Component& component, const Destination& destination,
                                                       std::vector<std::string> confidential) {
  return std::make_unique<LocalAdapter>(shared_from_this(), component, destination, std::move(confidential));
}

std::unique_ptr<ProviderInstance> LoadedPlugin::provider(const Component& component, const std::string& config_json) {
  return std::make_unique<LocalProvider>(shared_from_this(), component, config_json);
}

LoadedPlugin::~LoadedPlugin() {
  if (!started_) return;
  const auto status = call(Phase::shutdown, [&]() -> opi_status { return table_->shutdown(state_), OPI_OK; });
  if (status != OPI_OK)
    logger_.error("plugin.fault",
                  {{"plugin", source().manifest.id}, {"phase", "shutdown"}, {"message", "let an exception out"}});
}

}  // namespace opi::plugins
