#include "api/openapi_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

class OpenApiRoutes : public test::WithApi {
 protected:
  OpenApiRoutes() { add_openapi_routes(routes); }
  Response document(const std::string& if_none_match = "") {
    RequestHead request;
    request.method = "GET";
    request.path = "/api/v1/openapi.json";
    request.if_none_match = if_none_match;
    return ask(request);
  }
};

TEST_F(OpenApiRoutes, AnybodyMayReadTheDocument) {
  const auto response = document();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(text(json(response).at("openapi")), "3.1.0");
  EXPECT_THAT(header(response, "ETag"), testing::MatchesRegex("\"[0-9a-f]{16}\""));
  EXPECT_EQ(header(response, "Cache-Control"), "public, no-cache");
}

TEST_F(OpenApiRoutes, WhoHasItIsNotSentItAgain) {
  const auto tag = header(document(), "ETag");
  for (const auto& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const auto response = document(known);
    EXPECT_EQ(response.status, 304) << known;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header(response, "ETag"), tag);
  }
  EXPECT_EQ(document("\"0123456789abcdef\"").status, 200);
}

TEST_F(OpenApiRoutes, HasNoParameters) {
  RequestHead request;
  request.method = "GET";
  request.path = "/api/v1/openapi.json";
  request.query["format"] = "yaml";
  EXPECT_EQ(errors(ask(request)), "format: is not a parameter of this resource");
}

}  // namespace
}  // namespace opi::api
