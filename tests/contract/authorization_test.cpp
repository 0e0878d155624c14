#include "domain/authorization.hpp"

#include "contract/store_contract.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

class StoredAuthorization : public StoreContract {
 protected:
  void SetUp() override {
    one_.tenant_id = acme;
    one_.id = new_destination();
    one_.name = "d";
    one_.adapter = "webhook";
    one_.endpoint = "https://example.test/";
    one_.subscriptions = {"*"};
    one_.config = "{}";
    engine->catalog().put_tenant({acme, "Acme", {}}, entry(acme));
    ASSERT_TRUE(put({}));
  }
  bool put(const std::optional<Authorization>& authorization) {
    one_.authorization = authorization;
    return engine->catalog().put_destination(one_, entry(acme));
  }
  std::optional<Authorization> stored() { return engine->catalog().load().destinations.at(one_.id)->authorization; }
  bool takes(const std::string& value) {
    try {
      engine->execute("UPDATE integration_destinations SET request_authorization = " + value);
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
  Destination one_;
};

TEST_P(StoredAuthorization, ComesBackAsItWasAndGoes) {
  const Authorization all[] = {BearerAuthorization{}, BasicAuthorization{"jürgen \"der\" Bot"},
                               HeaderAuthorization{"X-Key", "Token "},
                               HmacAuthorization{"X-Signature", "v1=", MacEncoding::base64},
                               ClientCredentialsAuthorization{"https://id.example/token?a=1", "client", "a b",
                                                              "https://api.example", ClientAuthentication::post}};
  for (const auto& authorization : all) {
    EXPECT_TRUE(put(authorization));
    EXPECT_EQ(stored(), authorization) << scheme_of(authorization);
    EXPECT_FALSE(put(authorization)) << "the same again is no change";
  }
  EXPECT_TRUE(put(std::nullopt));
  EXPECT_EQ(stored(), std::nullopt);
}

TEST_P(StoredAuthorization, IsBoundedByTheSchema) {
  const auto text = [](std::size_t bytes) { return "'" + std::string(bytes, 'x') + "'"; };
  EXPECT_TRUE(takes(text(AuthorizationLimits::json_bytes)));
  EXPECT_FALSE(takes(text(AuthorizationLimits::json_bytes + 1)));
  EXPECT_FALSE(takes("''"));
  EXPECT_FALSE(takes("'" + std::string("ä") + std::string(AuthorizationLimits::json_bytes - 1, 'x') + "'"))
      << "bytes count, not characters";
  EXPECT_TRUE(takes("NULL"));
}

TEST_P(StoredAuthorization, WhatIsNoneIsNotTakenForNone) {
  ASSERT_TRUE(takes(R"('{"scheme":"of tomorrow"}')"));
  const auto catalog = engine->catalog().load();
  ASSERT_EQ(catalog.destinations.size(), 1u);
  EXPECT_FALSE(catalog.destinations.begin()->second->served()) << "unauthorised requests would be sent";
}

INSTANTIATE_TEST_SUITE_P(Stores, StoredAuthorization,
                         testing::Values(EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
