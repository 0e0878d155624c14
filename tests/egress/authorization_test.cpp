#include <gmock/gmock.h>

#include "delivery/authorizer.hpp"
#include "domain/new_uuid.hpp"
#include "egress/outbound.hpp"
#include "receiver/receiver.hpp"
#include "support/manual_clock.hpp"

namespace opi::egress {
namespace {

using delivery::Authorized;
using receiver::Receiver;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// Requests that are authorised and sent as the daemon does it, to a receiver that admits nobody whom it does not know.
class AuthorizedRequests : public test::Outbound {
 protected:
  static receiver::ReceiverOptions receiver_options(int token_uses = 0) {
    receiver::ReceiverOptions options;
    options.verify = false;
    options.authorization.known = {"Bearer a-static-token", "Basic Ym90OnBhc3N3b3Jk"};
    options.authorization.client_id = "client one";
    options.authorization.client_secret = "s3cret&+=%";
    options.authorization.token_uses = token_uses;
    return options;
  }
  static std::shared_ptr<const Destination> destination(const Authorization& authorization) {
    Destination one;
    one.tenant_id = *TenantId::parse("acme");
    one.authorization = authorization;
    one.credentials = {{"authorization", 1, "mem://x", std::nullopt, {}}};
    return std::make_shared<const Destination>(one);
  }
  static std::shared_ptr<const Destination> client(const std::string& token_url, ClientAuthentication how = {}) {
    return destination(ClientCredentialsAuthorization{token_url, "client one", "", "", how});
  }
  static std::shared_ptr<const secrets::SecretSet> secret(std::string_view value) {
    auto set = std::make_shared<secrets::SecretSet>();
    set->purposes.push_back({"authorization", {{std::make_shared<const secrets::Secret>(value), "1"}}, {}});
    return set;
  }

  delivery::Authorizer& authorizer() {
    if (!authorizer_) authorizer_ = std::make_unique<delivery::Authorizer>(transport(), clock_);
    return *authorizer_;
  }
  std::future<Authorized> authorize(const std::shared_ptr<const Destination>& to, const std::string& url,
                                    std::string_view value, std::chrono::milliseconds patience = 10s) {
    auto promise = std::make_shared<std::promise<Authorized>>();
    auto future = promise->get_future();
    authorizer().authorize(to, secret(value), test::post(url), patience,
                           [promise](Authorized&& result) { promise->set_value(std::move(result)); });
    return future;
  }
  static Authorized wait_for(std::future<Authorized> future) {
    if (future.wait_for(test::patience) == std::future_status::ready) return future.get();
    ADD_FAILURE() << "no answer";
    return {};
  }
  // The receiver's status; 0 if nothing was sent.
  int status(const std::shared_ptr<const Destination>& to, const std::string& url, std::string_view value) {
    auto result = wait_for(authorize(to, url, value));
    failure_ = result.failure;
    secrets_ = result.secrets;
    return result.status == Authorized::Status::ready ? send(std::move(result.request)).status : 0;
  }
  void TearDown() override { transport_.reset(); }  // before what its completions call

  test::ManualClock clock_;
  std::unique_ptr<delivery::Authorizer> authorizer_;
  Outcome failure_;
  std::shared_ptr<const secrets::SecretSet> secrets_;
};

TEST_F(AuthorizedRequests, AReceiverAdmitsBearerAndBasicAndNobodyElse) {
  const Receiver receiver(receiver_options());
  const auto url = receiver.url("/guarded");
  EXPECT_EQ(status(destination(BearerAuthorization{}), url, "a-static-token"), 200);
  EXPECT_EQ(status(destination(BasicAuthorization{"bot"}), url, "password"), 200);
  EXPECT_EQ(status(destination(BearerAuthorization{}), url, "another-token"), 401);
  EXPECT_EQ(status(destination(BasicAuthorization{"bob"}), url, "password"), 401);
}

TEST_F(AuthorizedRequests, ATokenIsFetchedInEitherWayAndUsedAgain) {
  for (const auto how : {ClientAuthentication::basic, ClientAuthentication::post}) {
    const Receiver receiver(receiver_options());
    authorizer_.reset();
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(status(client(receiver.url("/token"), how), receiver.url("/guarded"), "s3cret&+=%"), 200)
          << failure_.detail;
    EXPECT_EQ(receiver.statistics().path("/token").requests, 1u);
  }
}

TEST_F(AuthorizedRequests, ManyAtOnceWaitForOneToken) {
  const Receiver receiver(receiver_options());
  const auto to = client(receiver.url("/token"));
  std::vector<std::future<Authorized>> all;
  for (int i = 0; i < 50; ++i) all.push_back(authorize(to, receiver.url("/guarded"), "s3cret&+=%"));
  for (auto& one : all) EXPECT_EQ(wait_for(std::move(one)).status, Authorized::Status::ready);
  EXPECT_EQ(receiver.statistics().path("/token").requests, 1u);
}

TEST_F(AuthorizedRequests, ARefusedTokenIsFollowedByAnother) {
  const Receiver receiver(receiver_options(2));
  const auto to = client(receiver.url("/token"));
  const auto url = receiver.url("/guarded");
  EXPECT_EQ(status(to, url, "s3cret&+=%"), 200);
  EXPECT_EQ(status(to, url, "s3cret&+=%"), 200);
  EXPECT_EQ(status(to, url, "s3cret&+=%"), 401);
  authorizer().refused(*to, *secrets_);
  EXPECT_EQ(status(to, url, "s3cret&+=%"), 200);
  EXPECT_EQ(receiver.statistics().path("/token").requests, 2u);
}

TEST_F(AuthorizedRequests, AnExpiredTokenIsFollowedByAnother) {
  const Receiver receiver(receiver_options());
  const auto to = client(receiver.url("/token"));
  EXPECT_EQ(status(to, receiver.url("/guarded"), "s3cret&+=%"), 200);
  clock_.advance(600s);
  EXPECT_EQ(status(to, receiver.url("/guarded"), "s3cret&+=%"), 200);
  EXPECT_EQ(receiver.statistics().path("/token").requests, 2u);
}

TEST_F(AuthorizedRequests, ARefusedClientSendsNothingAndItsSecretIsNotRepeated) {
  const Receiver receiver(receiver_options());
  EXPECT_EQ(status(client(receiver.url("/token")), receiver.url("/guarded"), "wrong-secret"), 0);
  EXPECT_EQ(failure_.verdict, Verdict::auth);
  EXPECT_THAT(failure_.detail, HasSubstr("invalid_client: no client client one with [redacted]"));
  EXPECT_THAT(failure_.detail, Not(HasSubstr("wrong-secret")));
  EXPECT_EQ(receiver.statistics().path("/guarded").requests, 0u);
}

TEST_F(AuthorizedRequests, TheAddressGuardHoldsForTheTokenEndpoint) {
  guard_ = test::guard_that_allows({"127.0.0.1/32"});
  const Receiver receiver(receiver_options());
  EXPECT_EQ(status(client("http://127.0.0.2:" + std::to_string(receiver.port()) + "/token"), receiver.url("/guarded"),
                   "s3cret&+=%"),
            0);
  EXPECT_EQ(failure_.reason, "token_address_refused");
  EXPECT_EQ(failure_.verdict, Verdict::reject);
}

TEST_F(AuthorizedRequests, ASlowTokenEndpointHasHalfOfThePatience) {
  const Receiver receiver(receiver_options());
  const auto started = std::chrono::steady_clock::now();
  const auto result = wait_for(authorize(client(receiver.url("/slow")), receiver.url("/guarded"), "s3cret&+=%", 400ms));
  EXPECT_EQ(result.failure.reason, "token_timeout");
  EXPECT_EQ(result.failure.verdict, Verdict::retry);
  EXPECT_GE(std::chrono::steady_clock::now() - started, 200ms);
}

}  // namespace
}  // namespace opi::egress
