#include "plugins/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace opi::plugins {
namespace {

std::string with_slot(const std::string& name) {
  return R"({"id":"a.b","version":"1","vendor":"V","abi":"1.0","components":[{"id":"b","kind":"adapter","title":"T",)"
         R"("interfaces":["opi.component/1","opi.adapter.http/1"],"config_schema":{"type":"object"},)"
         R"("egress":["{endpoint}"],"slots":[{"name":")" +
         name + R"(","title":"S"}]}]})";
}

std::vector<std::string> problems_of(const std::string& manifest) {
  std::vector<std::string> problems;
  (void)parse_manifest(manifest, problems);
  return problems;
}

TEST(Manifest, TheHostsOwnPurposesAreNoAdaptersSlots) {
  EXPECT_THAT(problems_of(with_slot("signing")), testing::IsEmpty());
  for (const auto* name : {"authorization", "client_certificate"})
    EXPECT_THAT(problems_of(with_slot(name)), testing::ElementsAre(testing::HasSubstr("the host's own"))) << name;
}

}  // namespace
}  // namespace opi::plugins
