#pragma once
#include <string_view>

#include "domain/header_field.hpp"

namespace opi::plugins {

// In lower case: carries a credential, only by secret reference.
bool is_credential_header(std::string_view name);

}  // namespace opi::plugins
