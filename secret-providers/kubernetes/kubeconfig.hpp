#pragma once
#include <string>

#include "access.hpp"

namespace opi::kubernetes {

// What the current context of a kubeconfig says. Refused by name is what would run a program, send credentials
// elsewhere or trust anybody: exec, auth-provider, insecure-skip-tls-verify, proxy-url, impersonation, passwords.
Access access_of_kubeconfig(const std::string& file);

}  // namespace opi::kubernetes
