#pragma once
// The C++20 layer over opi/abi.h: header-only, so that only the C ABI ever crosses the boundary.
//
//   class Webhook {
//    public:
//     explicit Webhook(const opi::sdk::InstanceArgs& args);
//     void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const;
//     opi::sdk::Verdict interpret(const opi::sdk::Delivery& delivery, const opi::sdk::Response& response) const;
//   };
//   OPI_PLUGIN(opi::sdk::Adapter<Webhook, "webhook">)
//
// Every trampoline is noexcept with a catch-all: what a component throws becomes a status (opi/cpp/failure.hpp).
#include <opi/abi.h>

#include <string_view>

#include "opi/cpp/component.hpp"

namespace opi::sdk::detail {

template <class... Components>
struct Entry {
  static opi_status init(const opi_host*, void** plugin, opi_error*) noexcept {
    *plugin = nullptr;
    return OPI_OK;
  }
  static void shutdown(void*) noexcept {}
  static const void* get_interface(void*, const char* component, const char* interface_id) noexcept {
    const std::string_view wanted{component};
    const void* found = nullptr;
    ((wanted == Components::id && (found = Components::find(interface_id)) != nullptr) || ...);
    return found;
  }
  static constexpr opi_plugin table{sizeof(opi_plugin), OPI_ABI_MAJOR, OPI_ABI_MINOR, OPI_TARGET_MINOR, 0, 0, &init,
                                    &shutdown,          &get_interface};
};

}  // namespace opi::sdk::detail

// Defines the plugin's one export. Once per plugin, at namespace scope.
#define OPI_PLUGIN(...)                                                                                            \
  extern "C" OPI_EXPORT const opi_plugin* opi_plugin_entry_v1(const opi_offer* offer, opi_error* error) noexcept { \
    if (offer->abi_major != OPI_ABI_MAJOR) {                                                                       \
      ::opi::sdk::detail::write_error(error, OPI_E_UNSUPPORTED, "this plugin speaks ABI 1");                       \
      return nullptr;                                                                                              \
    }                                                                                                              \
    return &::opi::sdk::detail::Entry<__VA_ARGS__>::table;                                                         \
  }
