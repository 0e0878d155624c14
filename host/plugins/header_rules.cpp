#include "plugins/header_rules.hpp"

#include <algorithm>
#include <array>

namespace opi::plugins {
namespace {

constexpr std::array<std::string_view, 2> credentials{"authorization", "cookie"};

}  // namespace

bool is_credential_header(std::string_view name) { return std::ranges::find(credentials, name) != credentials.end(); }

}  // namespace opi::plugins
