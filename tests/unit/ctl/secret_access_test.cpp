#include "ctl/secret_access.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "ctl/granted_access.hpp"

namespace opi::ctl {
namespace {

void add(Catalog& catalog, int number, const std::string& tenant, const std::vector<std::string>& references) {
  auto destination = std::make_shared<Destination>();
  destination->id = *DestinationId::parse("0192f000-0000-7000-8000-00000000000" + std::to_string(number));
  destination->tenant_id = *TenantId::parse(tenant);
  destination->enabled = number % 2 == 0;
  int version = 0;
  for (const auto& reference : references)
    destination->credentials.push_back({"signing", ++version, reference, {}, {}});
  catalog.destinations[destination->id] = destination;
}

Catalog some() {
  Catalog catalog;
  add(catalog, 1, "acme", {"k8s://hooks/siem/new", "k8s://hooks/siem/old", "k8s://hooks/123/key"});
  add(catalog, 2, "initech", {"k8s://initech/null/key", "file://initech/a/b", "k8s://hooks/siem/new"});
  return catalog;
}

const ServiceAccount account{"integrationsd", "integrationsd"};

TEST(SecretAccess, IsOfExactlyTheSecretsThatDestinationsReferTo) {
  const auto needed = needed_secrets(some());
  EXPECT_EQ(needed.by_namespace, (decltype(needed.by_namespace){{"hooks", {"123", "siem"}}, {"initech", {"null"}}}));
  EXPECT_TRUE(needed.malformed.empty());
}

TEST(SecretAccess, IsPrintedWithEveryTextQuoted) {
  Catalog catalog;
  add(catalog, 1, "acme", {"k8s://hooks/123/key", "k8s://hooks/null/key"});
  EXPECT_EQ(yaml_of(access_manifests(needed_secrets(catalog), account)), R"(apiVersion: "v1"
kind: "ServiceAccount"
metadata:
  name: "integrationsd"
  namespace: "integrationsd"
  labels:
    app.kubernetes.io/name: "integrationsd"
    app.kubernetes.io/managed-by: "integrationsctl"
automountServiceAccountToken: false
---
apiVersion: "rbac.authorization.k8s.io/v1"
kind: "Role"
metadata:
  name: "integrationsd-secrets"
  namespace: "hooks"
  labels:
    app.kubernetes.io/name: "integrationsd"
    app.kubernetes.io/managed-by: "integrationsctl"
rules:
- apiGroups:
  - ""
  resources:
  - "secrets"
  resourceNames:
  - "123"
  - "null"
  verbs:
  - "get"
---
apiVersion: "rbac.authorization.k8s.io/v1"
kind: "RoleBinding"
metadata:
  name: "integrationsd-secrets"
  namespace: "hooks"
  labels:
    app.kubernetes.io/name: "integrationsd"
    app.kubernetes.io/managed-by: "integrationsctl"
roleRef:
  apiGroup: "rbac.authorization.k8s.io"
  kind: "Role"
  name: "integrationsd-secrets"
subjects:
- kind: "ServiceAccount"
  name: "integrationsd"
  namespace: "integrationsd"
)");
}

// A Role without resourceNames would be one over every Secret of its namespace.
TEST(SecretAccess, WithoutReferencesNoRoleIsPrinted) {
  Catalog catalog;
  add(catalog, 1, "acme", {"file://acme/a/b"});
  EXPECT_EQ(access_manifests(needed_secrets(catalog), account).size(), 1u);
}

TEST(SecretAccess, NamesThatNoSecretCanHaveAreOfMalformedReferences) {
  const std::string longest(253, 'a'), too_long(254, 'a'), label(63, 'n'), long_label(64, 'n');
  for (const auto& reference : {"k8s://Hooks/a/k", "k8s://hooks/a b/k", "k8s://hooks/a%0Ab/k", "k8s://hooks/a_b/k",
                                "k8s://hooks/-a/k", "k8s://hooks/a./k", "k8s://hooks/a..b/k", "k8s://hooks/a",
                                "k8s://hooks/a/b/c", "k8s://a.b/c/k", "k8s://*/c/k", "k8s://hooks/\"a\"/k"}) {
    Catalog catalog;
    add(catalog, 1, "acme", {reference, "k8s://hooks/good/key"});
    const auto needed = needed_secrets(catalog);
    EXPECT_EQ(needed.malformed.size(), 1u) << reference;
    EXPECT_EQ(needed.by_namespace, (decltype(needed.by_namespace){{"hooks", {"good"}}})) << reference;
  }
  EXPECT_TRUE(is_object_name(longest));
  EXPECT_TRUE(is_object_name("a.b-c.0"));
  EXPECT_FALSE(is_object_name(too_long));
  EXPECT_TRUE(is_namespace_name(label));
  EXPECT_FALSE(is_namespace_name(long_label));
}

TEST(SecretAccess, OneRoleNamesSoManyAndNoMore) {
  NeededSecrets needed;
  auto& names = needed.by_namespace["hooks"];
  for (int n = 0; n < 4'000; ++n) names.insert("secret-" + std::to_string(n));
  needed.by_namespace["other"] = {"one"};
  EXPECT_FALSE(excess(needed));
  names.insert("one-more");
  ASSERT_TRUE(excess(needed));
  EXPECT_TRUE(excess(needed)->starts_with("destinations refer to 4001 Secrets of hooks;")) << *excess(needed);
}

boost::json::value applied(const Catalog& catalog) {
  return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", access_manifests(needed_secrets(catalog), account)}};
}

// A document with one more object.
boost::json::value with(boost::json::value document, const char* object) {
  document.at("items").as_array().push_back(boost::json::parse(object));
  return document;
}

AccessDifference compared(const boost::json::value& document) {
  return compare_access(needed_secrets(some()), account, document);
}

TEST(GrantedAccess, WhatIsPrintedIsExactlyWhatIsNeeded) { EXPECT_TRUE(compared(applied(some())).none()); }

TEST(GrantedAccess, WhatIsNotAppliedIsMissing) {
  Catalog less;
  add(less, 1, "acme", {"k8s://hooks/siem/new"});
  const auto difference = compared(applied(less));
  EXPECT_EQ(difference.missing, (std::vector<std::string>{"hooks/123", "initech/null"}));
  EXPECT_TRUE(difference.beyond.empty());
}

TEST(GrantedAccess, WhatNobodyRefersToAnyMoreIsBeyond) {
  auto more = some();
  add(more, 3, "acme", {"k8s://hooks/old/key"});
  EXPECT_EQ(compared(applied(more)).beyond,
            (std::vector<std::string>{"get of Secret hooks/old, by Role hooks/integrationsd-secrets"}));
}

TEST(GrantedAccess, WhateverElseTheAccountMayIsBeyond) {
  const auto binding = [](const char* kind, const char* subject) {
    return std::string(R"({"kind":")") + kind +
           R"(","metadata":{"name":"b","namespace":"hooks"},"roleRef":{"kind":"ClusterRole","name":"c"},"subjects":[)" +
           subject + "]}";
  };
  const auto own = R"({"kind":"ServiceAccount","name":"integrationsd","namespace":"integrationsd"})";
  const auto role = [](const char* rule) {
    return std::string(R"({"kind":"ClusterRole","metadata":{"name":"c"},"rules":[)") + rule + "]}";
  };
  const auto beyond = [&](const std::string& bound, const char* rule) {
    return compared(with(with(applied(some()), bound.c_str()), role(rule).c_str())).beyond;
  };
  using Lines = std::vector<std::string>;
  const auto one = binding("RoleBinding", own);
  EXPECT_EQ(beyond(one, R"({"apiGroups":[""],"resources":["secrets"],"verbs":["get"]})"),
            (Lines{"get of secrets in hooks, by ClusterRole c"}));
  EXPECT_EQ(
      beyond(one, R"({"apiGroups":[""],"resources":["secrets"],"resourceNames":["siem"],"verbs":["get","list"]})"),
      (Lines{"get, list of secrets siem in hooks, by ClusterRole c"}));
  EXPECT_EQ(beyond(one, R"({"apiGroups":["*"],"resources":["*"],"verbs":["*"]})"),
            (Lines{"* of * in hooks, by ClusterRole c"}));
  EXPECT_EQ(beyond(one, R"({"apiGroups":[""],"resources":["pods"],"verbs":["create"]})"),
            (Lines{"create of pods in hooks, by ClusterRole c"}));
  auto everywhere = binding("ClusterRoleBinding", own);
  everywhere.replace(everywhere.find(R"(,"namespace":"hooks")"), 20, "");
  EXPECT_EQ(
      beyond(everywhere, R"({"apiGroups":[""],"resources":["secrets"],"resourceNames":["siem"],"verbs":["get"]})"),
      (Lines{"get of secrets siem in every namespace, by ClusterRole c"}));
  const auto user = R"({"kind":"User","name":"system:serviceaccount:integrationsd:integrationsd"})";
  EXPECT_EQ(beyond(binding("RoleBinding", user), R"({"apiGroups":[""],"resources":["pods"],"verbs":["get"]})").size(),
            1u);
  // Every account is in some groups: what they may beside Secrets is none of ours.
  for (const char* group : {"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:integrationsd"}) {
    const auto member = std::string(R"({"kind":"Group","name":")") + group + "\"}";
    const auto bound = binding("RoleBinding", member.c_str());
    EXPECT_EQ(beyond(bound, R"({"apiGroups":[""],"resources":["pods"],"verbs":["get"]})"), Lines{});
    EXPECT_EQ(beyond(bound, R"({"apiGroups":[""],"resources":["secrets"],"verbs":["get"]})").size(), 1u);
  }
  const auto stranger = R"({"kind":"ServiceAccount","name":"integrationsd","namespace":"other"})";
  EXPECT_EQ(beyond(binding("RoleBinding", stranger), R"({"apiGroups":[""],"resources":["secrets"],"verbs":["*"]})"),
            Lines{});
}

TEST(GrantedAccess, AWiderGrantLeavesNothingMissing) {
  const auto document = boost::json::parse(R"({"kind":"List","items":[
    {"kind":"ClusterRole","metadata":{"name":"c"},"rules":[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]},
    {"kind":"ClusterRoleBinding","metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"c"},
     "subjects":[{"kind":"ServiceAccount","name":"integrationsd","namespace":"integrationsd"}]}]})");
  const auto difference = compared(document);
  EXPECT_TRUE(difference.missing.empty());
  EXPECT_EQ(difference.beyond, (std::vector<std::string>{"get of secrets in every namespace, by ClusterRole c"}));
}

TEST(GrantedAccess, ABindingWhoseRoleIsNotThereIsTold) {
  const auto document = with(applied(some()), R"({"kind":"ClusterRoleBinding","metadata":{"name":"b"},
    "roleRef":{"kind":"ClusterRole","name":"gone"},
    "subjects":[{"kind":"ServiceAccount","name":"integrationsd","namespace":"integrationsd"}]})");
  EXPECT_EQ(compared(document).beyond,
            (std::vector<std::string>{
                "what ClusterRoleBinding b grants is not known: the document has no ClusterRole gone"}));
}

TEST(GrantedAccess, ALeftOutKindIsThatOfTheList) {
  const auto document =
      boost::json::parse(R"({"kind":"RoleBindingList","items":[{"metadata":{"name":"b","namespace":"n"},
    "roleRef":{"kind":"Role","name":"gone"},
    "subjects":[{"kind":"ServiceAccount","name":"integrationsd","namespace":"integrationsd"}]}]})");
  EXPECT_EQ(compared(document).beyond.size(), 1u);
}

TEST(GrantedAccess, WhatIsNoSuchDocumentIsRefused) {
  for (const char* text : {"[]", "7", "{}", R"({"items":[]})", R"({"kind":"List","items":7})",
                           R"({"kind":"List","items":[{"kind":"Role"}]})",
                           R"({"kind":"RoleBinding","metadata":{"name":"b"},"subjects":[{"kind":7}]})"})
    EXPECT_THROW(compared(boost::json::parse(text)), std::runtime_error) << text;
}

}  // namespace
}  // namespace opi::ctl
