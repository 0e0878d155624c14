#pragma once
#include <memory>
#include <string>
#include <vector>

#include "secrets/secret_set.hpp"

namespace opi::secrets {

// What must not be repeated of one attempt.
struct Confidential {
  std::shared_ptr<const SecretSet> secrets;
  std::vector<std::string> more;  // what is as good as a secret, such as parts of the URL
};

}  // namespace opi::secrets
