#include <set>

#include "contract/store_contract.hpp"
#include "delivery/stored_forms.hpp"

namespace opi::test {
namespace {

using testing::HasSubstr;

class StoredFilters : public StoreContract {
 protected:
  StoredFilters() { engine->catalog().put_tenant({acme, "acme", {}}, entry(acme)); }

  Destination given(const std::string& filter, std::optional<Authorization> authorization = std::nullopt) {
    Destination one;
    one.tenant_id = acme;
    one.id = id;
    one.name = "receiver";
    one.adapter = "webhook";
    one.endpoint = "https://example.test/hook";
    one.subscriptions = {"*"};
    one.filter = filter;
    one.authorization = std::move(authorization);
    one.config = "{}";
    EXPECT_TRUE(engine->catalog().put_destination(one, entry(acme)));
    return one;
  }
  Destination read() { return *engine->catalog().load().destinations.at(id); }
  std::string column(const std::string& name) {
    return engine->scalar("SELECT " + name + " FROM integration_destinations");
  }

  const DestinationId id = new_destination();
};

TEST_P(StoredFilters, IsReadBackAsItWasWritten) {
  for (const std::string filter :
       {"@.payload.severity >= 7", "@.x == 'é'\n && @.y", "no filter that anybody reads", ""}) {
    given(filter);
    EXPECT_EQ(read().filter, filter);
    EXPECT_TRUE(read().served());
    EXPECT_EQ(read().authorization, std::nullopt);
  }
  given(std::string(DestinationLimits::filter_length, 'x'));
  EXPECT_EQ(read().filter.size(), DestinationLimits::filter_length);
  auto longer = read();
  longer.filter += 'x';
  EXPECT_ANY_THROW(engine->catalog().put_destination(longer, entry(acme)));
}

// Versions before this one read request_authorization, and hold a destination where it is none that they know.
TEST_P(StoredFilters, VersionsThatDoNotKnowThemSeeAFormThatIsNotTheirs) {
  given("@.x");
  EXPECT_EQ(column("request_authorization"), R"({"filtered":true})");
  given("@.x", BearerAuthorization{});
  EXPECT_EQ(column("request_authorization"), R"({"scheme":"bearer","filtered":true})");
  EXPECT_EQ(read().authorization, Authorization{BearerAuthorization{}});
  given("", BearerAuthorization{});
  EXPECT_EQ(column("request_authorization"), R"({"scheme":"bearer"})");
  for (const char* text : {R"({"filtered":true})", R"({"scheme":"bearer","filtered":true})"}) {
    delivery::StoredForms forms;
    forms.authorization(text, false);
    EXPECT_THAT(forms.not_understood(), HasSubstr("filter")) << text;
  }
}

TEST_P(StoredFilters, AMarkWithoutItsFilterHoldsTheDestination) {
  given("@.x");
  engine->execute("UPDATE integration_destinations SET filter = NULL");
  EXPECT_THAT(read().not_understood, HasSubstr("filter"));
}

TEST_P(StoreContract, TheLastEventsComeNewestFirst) {
  const auto destination = new_destination();
  std::vector<delivery::NewEvent> events;
  for (int i = 0; i < 70; ++i) {
    auto one = event("e" + std::to_string(100 + i));
    one.payload = R"({"n":)" + std::to_string(i) + "}";
    events.push_back(i % 2 == 0 ? new_event(one, {destination}) : new_event(one, {}));
  }
  for (std::size_t i = 0; i < events.size(); i += 10) {
    engine->clock.advance(std::chrono::seconds{1});
    engine->store().insert(
        {events.begin() + static_cast<std::ptrdiff_t>(i), events.begin() + static_cast<std::ptrdiff_t>(i + 10)}, 0);
  }
  const auto last = [&](const TenantId& tenant, int limit, std::size_t enough) {
    std::vector<std::string> ids;
    engine->query().recent_events(tenant, limit, [&](const Event& one, UnixTime) {
      ids.push_back(one.event_id.str());
      EXPECT_EQ(one.tenant_id, tenant);
      EXPECT_THAT(one.payload, HasSubstr("\"n\":"));
      return ids.size() < enough;
    });
    return ids;
  };
  EXPECT_EQ(last(acme, 1000, 1000).size(), 70U);
  const auto all = last(acme, 1000, 1000);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 70U);
  EXPECT_TRUE(std::ranges::is_sorted(all, std::ranges::greater{}, [](const auto& one) { return one.substr(0, 3); }));
  EXPECT_EQ(last(acme, 64, 1000).size(), 64U);
  EXPECT_EQ(last(acme, 33, 1000), std::vector<std::string>(all.begin(), all.begin() + 33));
  EXPECT_EQ(last(acme, 1000, 40).size(), 40U);
  EXPECT_TRUE(last(globex, 1000, 1000).empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoredFilters,
                         testing::Values(EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
