#include "plugins/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

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

std::string with_needs(const std::string& needs, const std::string& kind = "secret_provider") {
  const std::string schema =
      R"({"type":"object","properties":{"root":{"type":"string","default":"/run/secrets"},"free":{"type":"string"},)"
      R"("count":{"type":"integer"},"bad":{"type":"string","default":"relative"}}})";
  return R"({"id":"a.b","version":"1","vendor":"V","abi":"1.0","components":[{"id":"b","kind":")" + kind +
         R"(","title":"T","interfaces":["opi.component/1","opi.secret_provider/1","opi.adapter.http/1"],)" +
         (kind == "adapter" ? R"("egress":["*"],)" : R"("reference":"b://{what}/{key}",)") + R"("config_schema":)" +
         schema + R"(,"needs":)" + needs + "}]}";
}

TEST(Manifest, WhatAProviderNeedsIsReadAndShown) {
  std::vector<std::string> problems;
  const auto manifest = parse_manifest(
      with_needs(R"({"network":true,"files":["/etc/x",{"config":"root"},{"config":"free"}]})"), problems);
  ASSERT_THAT(problems, testing::IsEmpty());
  const auto& needs = manifest.components.front().needs;
  EXPECT_THAT(needs.described(), testing::ElementsAre("network", "/etc/x", "(root)", "(free)"));
  EXPECT_THAT(needs.reach(R"({"root":"/a","free":"/b/c"})").files, testing::ElementsAre("/etc/x", "/a", "/b/c"));
  EXPECT_THAT(needs.reach("{}").files, testing::ElementsAre("/etc/x", "/run/secrets")) << "the default, or nothing";
  EXPECT_TRUE(needs.reach("{}").network);
  EXPECT_THAT(needs.reach(R"({"free":"in_cluster"})").files, testing::ElementsAre("/etc/x", "/run/secrets"))
      << "a word is no place";
  for (const auto* path : {"/", "//", "/a/../b", "/./a"})
    EXPECT_THROW(needs.reach(R"({"free":")" + std::string(path) + "\"}"), std::runtime_error) << path;
  EXPECT_FALSE(parse_manifest(with_slot("signing"), problems).components.front().needs.reach("{}").any());
}

TEST(Manifest, NeedsThatNobodyCouldConfineToAreRefused) {
  const std::map<std::string, std::string> wrong{
      {R"([])", "/needs: is not an object"},
      {R"({"net":true})", "/needs/net: is not a known need"},
      {R"({"network":"yes"})", "/needs/network: is not true or false"},
      {R"({"files":"/etc"})", "/needs/files: is not an array"},
      {R"({"files":["etc"]})", "/needs/files/0: is not an absolute path"},
      {R"({"files":["/"]})", "/needs/files/0: is not an absolute path"},
      {R"({"files":["/ok","/a/.."]})", "/needs/files/1: is not an absolute path"},
      {R"({"files":[7]})", "/needs/files/0: is neither a path nor"},
      {R"({"files":[{"config":"root","x":1}]})", "/needs/files/0: is neither a path nor"},
      {R"({"files":[{"config":"nothing"}]})", "/needs/files/0: names something that is no property"},
      {R"({"files":[{"config":"count"}]})", "/needs/files/0: names something that is no property"},
      {R"({"files":[{"config":"bad"}]})", "/needs/files/0: names a property whose default"}};
  for (const auto& [needs, problem] : wrong)
    EXPECT_THAT(problems_of(with_needs(needs)), testing::ElementsAre(testing::HasSubstr(problem))) << needs;
  EXPECT_THAT(problems_of(with_needs("{}", "adapter")),
              testing::ElementsAre(testing::HasSubstr("an adapter computes")));
  std::string most = "[";
  for (std::size_t i = 0; i < Needs::max_files; ++i) most += (i == 0 ? "" : ",") + std::string(R"("/a")");
  EXPECT_THAT(problems_of(with_needs(R"({"files":)" + most + "]}")), testing::IsEmpty());
  EXPECT_THAT(problems_of(with_needs(R"({"files":)" + most + R"(,"/b"]})")), testing::SizeIs(1));
}

}  // namespace
}  // namespace opi::plugins
