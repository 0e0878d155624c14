#include "access.hpp"

#include <algorithm>
#include <opi/plugin.hpp>

#include "kubeconfig.hpp"

namespace opi::kubernetes {
namespace {

using sdk::Failure;

Access of_service_account(const Settings& settings) {
  Access access;
  access.host = access.server_name = settings.service_host;
  access.port = settings.service_port;
  const std::string what = "the service account's token";
  const auto& directory = settings.service_account_directory;
  access.ca_pem = access.read(directory + "/ca.crt", "the cluster's CA").view();
  access.token.emplace(checked_token(access.read(directory + "/token", what), what));
  return access;
}

}  // namespace

PrivateBuffer Access::read(const std::string& file, const std::string& what) {
  // Before it is read: a change in between is found as one afterwards.
  files.emplace_back(file, stamp_of(file));
  return read_trusted_file(file, what);
}

bool Access::has_changed() const {
  return std::ranges::any_of(files, [](const auto& one) { return stamp_of(one.first) != one.second; });
}

PrivateBuffer checked_token(PrivateBuffer token, const std::string& what) {
  while (token.view().ends_with('\n') || token.view().ends_with('\r')) token.truncate(token.size() - 1);
  if (token.size() == 0 || !std::ranges::all_of(token.view(), [](char c) { return c > ' ' && c < '\x7f'; }))
    throw Failure(OPI_E_FAILED, what + " is empty or not visible ASCII");
  return token;
}

Access load_access(const Settings& settings) {
  return settings.in_cluster ? of_service_account(settings) : access_of_kubeconfig(settings.kubeconfig);
}

}  // namespace opi::kubernetes
