#include "api/request_target.hpp"

#include <gtest/gtest.h>

#include "api/problem.hpp"
#include "api/route_table.hpp"

namespace opi::api::request_target_test {
namespace {

using Query = std::map<std::string, std::string>;
using Segments = std::vector<std::string>;

TEST(RequestTarget, IsReadInBothForms) {
  for (const char* target : {"/a/b?x=1&y=2", "http://h/a/b?x=1&y=2", "https://h:1/a/b?&x=1&&y=2&#f"}) {
    const auto read = read_target(target);
    EXPECT_EQ(read.path, "/a/b") << target;
    EXPECT_EQ(read.query, (Query{{"x", "1"}, {"y", "2"}})) << target;
  }
  EXPECT_EQ(read_target("http://h").path, "/");
  EXPECT_EQ(read_target("*").path, "*");
  EXPECT_EQ(read_target("/a?u=http://h/b").query, (Query{{"u", "http://h/b"}}));
}

TEST(RequestTarget, AQueryIsDecodedAndAPathIsNot) {
  const auto read = read_target("/a%2Fb%20c?n%3d=%C3%A4+%2b&e=&f&=g");
  EXPECT_EQ(read.path, "/a%2Fb%20c");
  EXPECT_EQ(read.query, (Query{{"n=", "\xc3\xa4 +"}, {"e", ""}, {"f", ""}, {"", "g"}}));
}

TEST(RequestTarget, ThatCannotBeReadIsRefused) {
  for (const char* target : {"/%", "/%z0", "/a%2", "/a?x=%", "/a?%zz=1", "/%00", "/a%0d%0ab", "/%7f", "/%ff", "/%c0%af",
                             "/%ed%a0%80", "/\xff", "/a?x=1&x=2"})
    EXPECT_THROW(read_target(target), ProblemError) << target;
}

TEST(RequestTarget, APathIsCutBeforeItIsDecoded) {
  EXPECT_EQ(segments_of("/a/b%20c/"), (Segments{"a", "b c", ""}));
  EXPECT_EQ(segments_of("/"), Segments{""});
  EXPECT_EQ(segments_of("/%61"), Segments{"a"});
  for (const char* path : {"", "a/b", "*", "/a%2fb", "/a%2Fb", "/a/%2f", "/%"}) EXPECT_FALSE(segments_of(path)) << path;
}

TEST(RequestTarget, AnEncodedColonLeadsToNoVerb) {
  EXPECT_EQ(segments_of("/dead-letters%3Areplay"), std::nullopt);
  EXPECT_EQ(segments_of("/dead-letters/1%3areplay"), std::nullopt);
  EXPECT_EQ(segments_of("/dead-letters:replay%3A"), std::nullopt);
  EXPECT_EQ(segments_of("/dead-letters:replay"), (std::vector<std::string>{"dead-letters:replay"}));
}

TEST(RequestTarget, AnEncodedSlashLeadsToNoRoute) {
  RouteTable routes;
  for (const char* pattern : {"/a", "/a/{id}", "/a/{id}/b", "/files/{*}"})
    routes.add({"GET", pattern, std::nullopt, [](const Request&) { return Response{}; }});
  for (const char* path : {"/a%2fx", "/a/x%2Fb", "/a/x%2fy", "/files/x%2f..%2fy", "%2fa"})
    EXPECT_EQ(routes.match("GET", path).route, nullptr) << path;
  EXPECT_EQ(routes.match("GET", "/%61/x%3Ay").route, nullptr) << "an id has no colon, encoded or not";
  EXPECT_EQ(routes.match("GET", "/%61/x%2Dy").parameters, Segments{"x-y"});
  EXPECT_EQ(routes.match("GET", "/files/x/%79").parameters, Segments{"x/y"});
}

}  // namespace
}  // namespace opi::api::request_target_test
