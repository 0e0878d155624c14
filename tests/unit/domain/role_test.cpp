#include "domain/role.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace opi {
namespace {

// As docs/console-api.md tells it: what each role may do, and nothing else.
const std::map<Role, std::string> documented{
    {Role::producer, "publish_events"},
    {Role::auditor, "read_deliveries read_destinations read_audit"},
    {Role::operator_, "read_deliveries read_destinations read_audit handle_deliveries read_payloads"},
    {Role::tenant_admin,
     "read_deliveries read_destinations read_audit handle_deliveries manage_destinations manage_credentials "
     "manage_policy manage_tokens read_payloads"},
    {Role::system_admin,
     "publish_events read_deliveries read_destinations read_audit handle_deliveries manage_destinations "
     "manage_credentials manage_policy manage_tokens manage_tenants read_payloads"},
};

TEST(Permissions, EachCellOfTheTableIsAsDocumented) {
  for (const Role role : all_roles) {
    std::string allowed;
    for (const Action action : all_actions)
      if (may(role, action)) allowed += (allowed.empty() ? "" : " ") + std::string(to_string(action));
    EXPECT_EQ(allowed, documented.at(role)) << to_string(role);
  }
}

TEST(Permissions, EveryActionAndRoleHasItsColumnAndName) {
  for (std::size_t i = 0; i < all_actions.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(all_actions[i]), i);
    EXPECT_FALSE(to_string(all_actions[i]).empty());
  }
  for (std::size_t i = 0; i < all_roles.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(all_roles[i]), i);
    EXPECT_EQ(parse_role(to_string(all_roles[i])), all_roles[i]);
  }
  EXPECT_EQ(parse_role("root"), std::nullopt);
}

}  // namespace
}  // namespace opi
