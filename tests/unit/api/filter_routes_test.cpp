#include "api/filter_routes.hpp"

#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

class FilterRoutes : public test::WithAdministration {
 protected:
  FilterRoutes() { add_filter_routes(routes, query); }

  void published(const std::string& id, const std::string& payload, const std::string& tenant = "acme") {
    clock.advance(std::chrono::seconds{1});
    auto event = test::event(id, "1", tenant);
    event.event.payload = payload;
    engine().intake.submit({event});
  }
  Response preview(const std::string& body, Role role = Role::tenant_admin) {
    return call("POST", "/api/v1/filters:preview", body, {}, role);
  }
};

TEST_F(FilterRoutes, APreviewTellsWhichOfTheLastEventsMatch) {
  published("e-1", R"({"severity":9})");
  published("e-2", R"({"severity":3})");
  published("e-3", R"({"severity":8})");
  published("x-1", R"({"severity":9})", "globex");
  const auto response = preview(R"({"event_types":["alert.*"],"filter":"@.payload.severity >= 7"})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(json(response).at("events").to_number<int>(), 3);
  EXPECT_EQ(json(response).at("matched").to_number<int>(), 2);
  EXPECT_EQ(column(response, "matches", "event_id"), "e-3,e-1");
  EXPECT_EQ(column(preview(R"({"event_types":["alert.*"],"filter":"@.payload.severity >= 7","events":2})"), "matches",
                   "event_id"),
            "e-3");
  EXPECT_EQ(column(preview(R"({"event_types":["alert.*"]})"), "matches", "event_id"), "e-3,e-2,e-1");
  EXPECT_EQ(column(preview(R"({"event_types":["ticket.*"],"filter":"@.payload"})"), "matches", "event_id"), "");
}

TEST_F(FilterRoutes, APreviewOfNoEventsSaysSo) {
  const auto response = preview(R"({"event_types":["*"],"filter":"@.payload"})");
  EXPECT_EQ(response.body, R"({"events":0,"from":null,"matched":0,"matches":[]})");
}

TEST_F(FilterRoutes, APreviewNamesThePlaceOfAFault) {
  const auto response = preview(R"({"event_types":["*"],"filter":"@.payload..x"})");
  EXPECT_EQ(response.status, 422);
  const auto answer = json(response);
  const auto& error = answer.at("errors").at(0).as_object();
  EXPECT_EQ(text(error.at("field")), "filter");
  EXPECT_EQ(error.at("offset").to_number<int>(), 9);
  EXPECT_EQ(text(error.at("message")), "at offset 9: expected one dot: .. is not supported");
  for (const char* body : {R"({"filter":"@.a"})", R"({"event_types":["*"],"events":0})",
                           R"({"event_types":["*"],"events":1001})", R"({"event_types":["*"],"more":1})"})
    EXPECT_EQ(preview(body).status, 422) << body;
  EXPECT_EQ(preview(R"({"event_types":["*"],"events":1000})").status, 200);
}

// Whoever may ask question by question learns the payload.
TEST_F(FilterRoutes, OnlyWhoManagesDestinationsMayAsk) {
  for (const auto role : {Role::producer, Role::auditor, Role::operator_})
    EXPECT_EQ(preview(R"({"event_types":["*"]})", role).status, 403);
}

TEST_F(FilterRoutes, ADestinationKeepsAndShowsItsFilter) {
  const auto path = given(R"(,"filter":"@.payload.severity >= 7")");
  EXPECT_EQ(text(json(read(path)).at("filter")), "@.payload.severity >= 7");
  EXPECT_TRUE(json(read(path)).at("filter_fault").is_null());
  const auto replaced = [&](const std::string& more) {
    return call("PUT", path, R"({"name":"SIEM","adapter":"webhook","event_types":["alert.*"])" + more + "}", "*");
  };
  const auto refused = replaced(R"(,"filter":"@.payload.severity > = 7")");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(json(refused).at("errors").at(0).at("offset").to_number<int>(), 21);
  EXPECT_EQ(text(json(replaced(R"(,"filter":"@.source")")).at("filter")), "@.source");
  EXPECT_NE(last_audited().details.find(R"("changed":["filter"])"), std::string::npos);
  EXPECT_TRUE(json(replaced("")).at("filter").is_null()) << "what is left out takes its default";
}

TEST_F(FilterRoutes, AStoredFilterThatCannotBeReadIsShownWithItsFault) {
  auto one = *catalog_store.load().destinations.at(test::destination_id(1));
  one.filter = "@.payload.severity >> 7";
  catalog_store.put_destination(one, {});
  engine().catalog.refresh();
  const auto shown = json(read(path_of(1)));
  EXPECT_EQ(text(shown.at("filter")), "@.payload.severity >> 7");
  EXPECT_EQ(shown.at("filter_fault").at("offset").to_number<int>(), 20);
}

}  // namespace
}  // namespace opi::api
