#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace opi::delivery {

// The parts of an endpoint's URL that are as good as a password to many receivers: the values of its query and those
// segments of its path that no person chose, as they stand and percent-decoded. To be blanked out of what receivers and
// plugins say. Pure.
std::vector<std::string> endpoint_secrets(std::string_view url);

}  // namespace opi::delivery
