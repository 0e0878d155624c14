#include "check/entry.hpp"

#include <dlfcn.h>

#include "failure.hpp"

namespace opi::tool {

Entry::Entry(const std::filesystem::path& file, void* state) : state_(state) {
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (library == nullptr) throw Failure("the library is not loaded");
  const auto entry = reinterpret_cast<decltype(&opi_plugin_entry_v1)>(::dlsym(library, OPI_ENTRY_SYMBOL));
  const opi_offer offer{sizeof(opi_offer),          OPI_ABI_MAJOR,    OPI_ABI_MINOR, OPI_MODE_RUN, 0,
                        plugins::raw("opi-plugin"), plugins::raw("1")};
  plugins::ErrorSlot error;
  table_ = entry(&offer, error.out());
  if (table_ == nullptr) throw Failure("the entry refuses an offer that it took before: " + std::string(error.text()));
  constant_ = entry(&offer, error.out()) == table_;
}

}  // namespace opi::tool
