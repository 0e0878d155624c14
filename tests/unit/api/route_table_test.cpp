#include "api/route_table.hpp"

#include <gtest/gtest.h>

#include "api/problem.hpp"
#include "api/timestamp.hpp"

namespace opi::api {
namespace {

using Parameters = std::vector<std::string>;

class Routes : public testing::Test {
 protected:
  Routes() {
    for (const auto& [method, pattern] : {std::pair{"GET", "/a"},
                                          {"POST", "/a"},
                                          {"GET", "/a/{id}"},
                                          {"GET", "/a/{id}/b/{n}"},
                                          {"GET", "/"},
                                          {"POST", "/a/{id}:go"},
                                          {"POST", "/a:go"}})
      table.add({method, pattern, std::nullopt, [](const Request&) { return Response{}; }});
  }
  std::string pattern(const char* method, const char* path) {
    const auto match = table.match(method, path);
    return match.route == nullptr ? "none" : match.route->pattern;
  }
  RouteTable table;
};

TEST_F(Routes, MatchMethodAndPath) {
  EXPECT_EQ(pattern("GET", "/a"), "/a");
  EXPECT_EQ(table.match("POST", "/a").route->method, "POST");
  EXPECT_EQ(pattern("GET", "/a/x"), "/a/{id}");
  EXPECT_EQ(table.match("GET", "/a/x/b/y").parameters, (Parameters{"x", "y"}));
}

TEST_F(Routes, MatchAVerbAtTheEndOfASegment) {
  EXPECT_EQ(pattern("POST", "/a/x:go"), "/a/{id}:go");
  EXPECT_EQ(pattern("POST", "/a:go"), "/a:go");
  for (const char* path : {"/a/:go", "/a/x:y:go", "/a/x:stop", "/a/x:go/y", "/a:stop"})
    EXPECT_EQ(pattern("POST", path), "none") << path;
}

TEST_F(Routes, LeaveOtherPathsAlone) {
  for (const char* path : {"", "/b", "/a/", "/a/x/", "/a/x/b", "/a/x/b/y/z", "//a", "/a//b/y", "/A", "a/x/y"})
    EXPECT_EQ(pattern("GET", path), "none") << path;
}

TEST_F(Routes, VerbsFollowAColon) {
  for (const char* verb : {"/a/{id}:enable", "/a/{id}:disable", "/a/{id}/b/{n}:rotate", "/a:replay"})
    table.add({"POST", verb, std::nullopt, [](const Request&) { return Response{}; }});
  EXPECT_EQ(pattern("POST", "/a/x:enable"), "/a/{id}:enable");
  EXPECT_EQ(table.match("POST", "/a/x:disable").parameters, (Parameters{"x"}));
  EXPECT_EQ(table.match("POST", "/a/x/b/y:rotate").parameters, (Parameters{"x", "y"}));
  EXPECT_EQ(pattern("POST", "/a:replay"), "/a:replay");
  EXPECT_EQ(table.match("GET", "/a/x:enable").allowed_methods, "POST") << "an id has no colon";
  for (const char* path : {"/a/x:unknown", "/a/:enable", "/a/x:y:enable", "/a/x:enable:", "/a/x:", "/a/enable"})
    EXPECT_EQ(pattern("POST", path), "none") << path;
  EXPECT_EQ(table.match("GET", "/a/x:unknown").allowed_methods, "") << "unknown verbs are unknown paths";
}

TEST_F(Routes, AStarTakesWhateverIsBelow) {
  table.add({"GET", "/files/{*}", std::nullopt, [](const Request&) { return Response{}; }});
  EXPECT_EQ(table.match("GET", "/files/x").parameters, (Parameters{"x"}));
  EXPECT_EQ(table.match("GET", "/files/x/y:z/").parameters, (Parameters{"x/y:z/"}));
  EXPECT_EQ(table.match("GET", "/files/").parameters, (Parameters{""}));
  EXPECT_EQ(pattern("GET", "/files"), "none");
  EXPECT_EQ(pattern("GET", "/file/x"), "none");
}

TEST_F(Routes, HeadIsAnsweredByGet) {
  EXPECT_EQ(pattern("HEAD", "/a"), "/a");
  EXPECT_EQ(pattern("HEAD", "/a/x:go"), "none") << "that is a POST";
}

TEST_F(Routes, NameTheMethodsThatAPathHas) {
  const auto match = table.match("DELETE", "/a");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allowed_methods, "GET, POST");
  EXPECT_EQ(table.match("DELETE", "/b").allowed_methods, "");
  EXPECT_EQ(table.match("get", "/a").allowed_methods, "GET, POST") << "methods are case-sensitive";
  for (const char* both : {"/d/e", "/d/{id}"})
    table.add({"GET", both, std::nullopt, [](const Request&) { return Response{}; }});
  EXPECT_EQ(table.match("POST", "/d/e").allowed_methods, "GET") << "each once";
}

TEST(Problems, AreDocumentsOfRfc9457) {
  auto problem = invalid_content("Nothing was stored", {{"[3].payload", "is missing"}});
  problem.extra["results"] = boost::json::array{};
  const auto response = to_response(problem);
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"urn:oneprotect:problem:invalid-content","title":"The content is not valid","status":422,)"
            R"("detail":"Nothing was stored","errors":[{"field":"[3].payload","message":"is missing"}],"results":[]})");
}

TEST(Timestamps, AreRfc3339InUtcWithMilliseconds) {
  using namespace std::chrono;
  EXPECT_EQ(to_rfc3339(UnixTime{milliseconds{0}}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(UnixTime{milliseconds{1'795'446'245'007}}), "2026-11-23T15:04:05.007Z");
  EXPECT_EQ(to_rfc3339(UnixTime{milliseconds{-1}}), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace opi::api
