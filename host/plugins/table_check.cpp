#include "plugins/table_check.hpp"

namespace opi::plugins {
namespace {

// The upper 16 flag bits that this host understands, of any table: none yet.
constexpr std::uint32_t understood_flags = 0;
constexpr std::uint32_t mandatory_mask = 0xffff0000u;

struct SlotOf {
  const char* name;
  bool present;
};

class Judge {
 public:
  explicit Judge(std::string what) : what_(std::move(what)) {}

  // False: the table does not even cover minor 0, and nothing behind its size may be read.
  bool covers(std::uint32_t size, std::size_t needed) {
    if (size >= needed) return true;
    add(codes::short_table, "has " + std::to_string(size) + " bytes, needs " + std::to_string(needed));
    return false;
  }
  void flags(std::uint32_t flags) {
    if ((flags & mandatory_mask & ~understood_flags) != 0)
      add(codes::unknown_flags, "has mandatory flags that this host does not know");
  }
  void slots(std::initializer_list<SlotOf> slots) {
    for (const auto& slot : slots)
      if (!slot.present) add(codes::null_slot, std::string("has no ") + slot.name + "()");
  }
  void add(const RefusalCode& code, const std::string& text) { faults_.push_back({&code, what_ + " " + text}); }
  std::vector<TableFault> faults() { return std::move(faults_); }

 private:
  std::string what_;
  std::vector<TableFault> faults_;
};

// Bytes that a table of minor 0 has: up to and with this member.
#define OPI_SIZE_UP_TO(T, member) (offsetof(T, member) + sizeof(T::member))

void judge_table(std::string_view interface_id, const void* found, Judge& judge) {
  if (interface_id == OPI_IF_COMPONENT) {
    const auto& table = *static_cast<const opi_component_v1*>(found);
    if (!judge.covers(table.size, OPI_SIZE_UP_TO(opi_component_v1, destroy))) return;
    judge.flags(table.flags);
    judge.slots({{"create", table.create != nullptr}, {"destroy", table.destroy != nullptr}});
  } else if (interface_id == OPI_IF_HTTP_ADAPTER) {
    const auto& table = *static_cast<const opi_http_adapter_v1*>(found);
    if (!judge.covers(table.size, OPI_SIZE_UP_TO(opi_http_adapter_v1, interpret))) return;
    judge.flags(table.flags);
    judge.slots({{"render", table.render != nullptr}, {"interpret", table.interpret != nullptr}});
  } else if (interface_id == OPI_IF_SECRET_PROVIDER) {
    const auto& table = *static_cast<const opi_secret_provider_v1*>(found);
    if (!judge.covers(table.size, OPI_SIZE_UP_TO(opi_secret_provider_v1, resolve))) return;
    judge.flags(table.flags);
    judge.slots({{"check_ref", table.check_ref != nullptr}, {"resolve", table.resolve != nullptr}});
  }
}

}  // namespace

std::vector<TableFault> check_plugin_table(const opi_plugin& table, std::uint16_t offered_minor) {
  Judge judge("the plugin's table");
  if (!judge.covers(table.size, OPI_SIZE_UP_TO(opi_plugin, get_interface))) return judge.faults();
  if (table.abi_major != OPI_ABI_MAJOR)
    judge.add(codes::other_major, "speaks ABI " + std::to_string(table.abi_major) + ", this host speaks ABI " +
                                      std::to_string(OPI_ABI_MAJOR));
  if (table.min_host_minor > offered_minor)
    judge.add(codes::newer_minor, "needs ABI 1." + std::to_string(table.min_host_minor) + ", this host offers 1." +
                                      std::to_string(offered_minor));
  judge.flags(table.flags);
  judge.slots({{"init", table.init != nullptr},
               {"shutdown", table.shutdown != nullptr},
               {"get_interface", table.get_interface != nullptr}});
  return judge.faults();
}

std::vector<TableFault> check_component_tables(const opi_plugin& table, void* plugin, const std::string& component,
                                               std::span<const std::string> interfaces) {
  std::vector<TableFault> faults;
  for (const auto& interface : interfaces) {
    Judge judge("component \"" + component + "\": " + interface);
    const void* const found = table.get_interface(plugin, component.c_str(), interface.c_str());
    if (found == nullptr) {
      judge.add(codes::missing_interface, "is promised by the manifest, but the plugin has no such table");
    } else {
      judge_table(interface, found, judge);
    }
    for (auto& fault : judge.faults()) faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace opi::plugins
