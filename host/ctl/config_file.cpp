#include "ctl/config_file.hpp"

#include <filesystem>

namespace opi::ctl {

std::string config_file_of(const std::string& named, const std::map<std::string, std::string>& environment,
                           const std::string& usual) {
  if (!named.empty()) return named;
  const auto variable = environment.find("INTEGRATIONSCTL_CONFIG");
  if (variable != environment.end() && !variable->second.empty()) return variable->second;
  // One that is there and cannot be looked at is an error of whoever reads it, not a reason to use another database.
  std::error_code fault;
  const bool is_there = std::filesystem::exists(usual, fault) || fault;
  return is_there ? usual : "";
}

}  // namespace opi::ctl
