#pragma once
#include <filesystem>
#include <string>

#include "plugins/abi.hpp"

namespace opi::tool {

// The entry of a library that is loaded already, called once more.
class Entry {
 public:
  // `state` is what init() gave. Throws Failure.
  Entry(const std::filesystem::path& file, void* state);

  [[nodiscard]] const opi_plugin& table() const { return *table_; }
  [[nodiscard]] bool is_constant() const { return constant_; }
  [[nodiscard]] const void* interface_of(const std::string& component, const char* interface_id) const {
    return table_->get_interface(state_, component.c_str(), interface_id);
  }

 private:
  void* state_;
  const opi_plugin* table_ = nullptr;
  bool constant_ = false;
};

}  // namespace opi::tool
