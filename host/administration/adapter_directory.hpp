#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/envelope.hpp"
#include "domain/destination.hpp"

namespace opi::administration {

// A secret that an adapter asks the host to sign or authorise with.
struct CredentialSlot {
  std::string name, title;
};

struct AdapterDescription {
  std::string id, title;
  std::string plugin, plugin_version, vendor;
  std::string file;           // name, without its directory
  std::string config_schema;  // JSON
  std::vector<CredentialSlot> slots;
  bool ordered = false;  // its destinations are to be served in the order of their subjects, unless they say otherwise
};

// Why a plugin file is not loaded.
struct RefusedPlugin {
  std::string file;  // name, without its directory
  std::string stage, code, message, remedy;
};

// What the host can deliver with. Thread-safe.
class AdapterDirectory {
 public:
  virtual ~AdapterDirectory() = default;
  [[nodiscard]] virtual std::vector<AdapterDescription> loaded() const = 0;
  [[nodiscard]] virtual std::vector<RefusedPlugin> refused() const = 0;
  // What is wrong with a configuration of a loaded adapter, each with its place under "config"; messages do not repeat
  // values. Empty if nothing is, and for adapters that are not loaded.
  [[nodiscard]] virtual std::vector<delivery::FieldError> check_config(std::string_view adapter,
                                                                       std::string_view config_json) const = 0;
  // Why the destination's adapter will not serve it, asked of the adapter itself, each with its place; waits for it, if
  // it runs in a process of its own for ten seconds at most. Empty if it will, and for adapters that are not loaded or
  // cannot be asked now. To be called with what satisfies check_config().
  [[nodiscard]] virtual std::vector<delivery::FieldError> refusal(const Destination& destination) const = 0;

  [[nodiscard]] std::optional<AdapterDescription> find(std::string_view id) const {
    for (auto& adapter : loaded())
      if (adapter.id == id) return adapter;
    return std::nullopt;
  }
};

}  // namespace opi::administration
