#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "command_line/operator.hpp"

// The rights that destinations' Secrets take, from either store.
namespace opi::command_line_test {
namespace {

using testing::HasSubstr;

class Kubernetes : public OnBothStores {
 protected:
  // One destination of the tenant with these references.
  void provision(const std::vector<std::string>& references) {
    boost::json::array credentials;
    for (const auto& reference : references)
      credentials.push_back({{"purpose", "signing"}, {"version", credentials.size() + 1}, {"reference", reference}});
    const boost::json::object destination{{"destination_id", the_destination},
                                          {"name", "SIEM"},
                                          {"adapter", "webhook"},
                                          {"endpoint", "https://siem.example/"},
                                          {"event_types", boost::json::array{"alert.*"}},
                                          {"credentials", credentials}};
    const boost::json::object tenant{
        {"tenant_id", "acme"}, {"name", "Acme"}, {"destinations", boost::json::array{destination}}};
    const boost::json::object document{{"tenants", boost::json::array{tenant}}};
    ASSERT_EQ(user.run({"apply", "-"}, boost::json::serialize(document)).code, 0);
  }
};

TEST_P(Kubernetes, RightsAreThoseOfTheStoresReferences) {
  provision({"k8s://hooks/siem/old", "k8s://hooks/siem/new"});
  const auto printed = user.run({"kubernetes", "rbac", "--namespace", "ours"});
  EXPECT_EQ(printed.code, 0) << printed.err;
  EXPECT_THAT(printed.out, HasSubstr("  resourceNames:\n  - \"siem\"\n  verbs:\n  - \"get\"\n"));
  EXPECT_THAT(printed.out, HasSubstr("- kind: \"ServiceAccount\"\n  name: \"integrationsd\"\n  namespace: \"ours\"\n"));
  const auto applied = user.run({"kubernetes", "rbac", "--json"}).out;
  EXPECT_EQ(user.run({"kubernetes", "rbac", "--check", "-"}, applied).code, 0);
  const auto nothing = user.run({"kubernetes", "rbac", "--check", "-"}, R"({"kind":"List","items":[]})");
  EXPECT_EQ(nothing.code, 1);
  EXPECT_EQ(nothing.out, "missing  get of Secret hooks/siem\n");
  const auto of_another = user.run({"kubernetes", "rbac", "--service-account", "other", "--check", "-"}, applied);
  EXPECT_EQ(of_another.code, 1);
}

TEST_P(Kubernetes, AReferenceThatNamesNoSecretIsTold) {
  provision({"k8s://Hooks/siem/key"});
  const auto printed = user.run({"kubernetes", "rbac"});
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.err, HasSubstr(std::string("destination ") + the_destination));
  EXPECT_THAT(printed.err, testing::Not(HasSubstr("siem")));
}

TEST_P(Kubernetes, WhatIsGivenWronglyIsRefused) {
  EXPECT_EQ(user.run({"kubernetes", "rbac", "--namespace", "No"}).code, 64);
  EXPECT_EQ(user.run({"kubernetes", "rbac", "--service-account", "a\nb"}).code, 64);
  EXPECT_EQ(user.run({"kubernetes", "rbac", "--check", "-"}, "kind: List").code, 65);
  EXPECT_EQ(user.run({"kubernetes", "rbac", "--check", "-"}, "[]").code, 65);
  EXPECT_EQ(user.run({"kubernetes", "rbac", "--check", "/nowhere"}).code, 66);
}

INSTANTIATE_TEST_SUITE_P(Stores, Kubernetes, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace opi::command_line_test
