#include "broker_fixture.hpp"
#include "secrets/signing_key.hpp"

namespace opi::secrets {
namespace {

TEST_F(Broker, ASecretThatWasPutForAnotherReceiverIsNotEvenLookedFor) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  auto d = destination({credential(1, "mem://app/key")});
  d->endpoint = "https://elsewhere.example/";
  const auto set = resolve(*broker, d);
  EXPECT_EQ(values(set), Values{});
  EXPECT_EQ(failure(set), "it was put for another receiver");
  EXPECT_EQ(set->credentials.front().state, CredentialState::unbound);
  EXPECT_TRUE(provider->queries().empty());
}

TEST_F(Broker, ASigningSecretThatIsNoKeyIsUnusableAndTheOthersGoOn) {
  provider->put("app/old", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  provider->put("app/new", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS_");
  const auto broker = make();
  const auto set = resolve(*broker, destination({credential(1, "mem://app/old"), credential(2, "mem://app/new")}));
  ASSERT_EQ(set->credentials.size(), 2u);
  EXPECT_EQ(set->credentials[0].state, CredentialState::unusable);
  EXPECT_EQ(set->credentials[1].state, CredentialState::resolved);
  EXPECT_EQ(values(set), Values{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
  EXPECT_EQ(failure(set), not_a_signing_key);
}

constexpr const char* private_key = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
constexpr const char* public_key = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

TEST_F(Broker, TellsOfASigningKeyWhatAnybodyMayKnowAndWhatIsOddAboutIt) {
  provider->put("app/own", private_key);
  provider->put("app/short", "whsec_Zm9v");
  const auto broker = make();
  const auto set = resolve(*broker, destination({credential(1, "mem://app/short"), credential(2, "mem://app/own")}));
  ASSERT_EQ(set->credentials.size(), 2u);
  EXPECT_EQ(set->credentials[0].state, CredentialState::resolved);
  EXPECT_EQ(set->credentials[0].public_keys, std::vector<std::string>{public_key});
  EXPECT_EQ(set->credentials[0].warning, "");
  EXPECT_EQ(set->credentials[1].state, CredentialState::resolved) << "it signs all the same";
  EXPECT_TRUE(set->credentials[1].public_keys.empty());
  EXPECT_EQ(set->credentials[1].warning, "the key has 3 bytes; Standard Webhooks asks for 24 to 64");
}

TEST_F(Broker, APrivateKeyIsUnusableWhereTheReceiverHasTheSameKey) {
  provider->put("app/own", private_key);
  const auto broker = make();
  auto one = credential(1, "mem://app/own");
  one.purpose = "authorization";
  auto with_mac = destination({one});
  with_mac->authorization = HmacAuthorization{};
  with_mac->credentials = {one};
  bind_credentials(*with_mac);
  const auto set = resolve(*broker, with_mac);
  EXPECT_EQ(set->credentials.front().state, CredentialState::unusable);
  EXPECT_EQ(set->find("authorization")->failure, not_a_mac_key);
  auto with_header = destination({one});
  with_header->authorization = BearerAuthorization{};
  with_header->credentials = {one};
  bind_credentials(*with_header);
  with_header->revision = 2;
  const auto other = resolve(*broker, with_header);
  EXPECT_EQ(other->credentials.front().state, CredentialState::resolved) << "a bearer may be any text";
  EXPECT_TRUE(other->credentials.front().public_keys.empty());
}

TEST_F(Broker, WhatIsNotForSigningNeedsToBeNoKey) {
  provider->put("app/key", "whsec_no-key_but-a-bearer");
  const auto broker = make();
  auto one = credential(1, "mem://app/key");
  one.purpose = "authorization";
  EXPECT_EQ(resolve(*broker, destination({one}))->credentials.front().state, CredentialState::resolved);
}

TEST_F(Broker, KnowsASecretHoweverItIsNamed) {
  const auto broker = make();
  const auto acme = *TenantId::parse("acme");
  EXPECT_TRUE(broker->is_same_secret("mem://app/key", "mem://app/key", acme));
  EXPECT_TRUE(broker->is_same_secret("mem://app/key", "mem://app/key/7", acme)) << "of another version";
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "mem://app/other", acme));
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "mem://bpp/key", acme));
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "mem://malformed", acme));
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "other://app/key", acme));
  EXPECT_TRUE(broker->is_same_secret("gone://app/key", "gone://app/key", acme)) << "whose provider is away";
}

TEST_F(Broker, TellsHowItStandsWithEachCredential) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  const auto now = clock.unix_now();
  const auto states = [&](std::vector<Credential> credentials) {
    std::string all;
    const auto d = destination(std::move(credentials));
    d->revision = ++revision;
    for (const auto& one : resolve(*broker, d)->credentials)
      all += std::to_string(one.version) + " " + std::string(to_string(one.state)) + ";";
    return all;
  };
  EXPECT_EQ(states({credential(1, "mem://app/key", now + 1h), credential(2, "mem://app/other"),
                    credential(3, "mem://app/key", now)}),
            "3 expired;2 missing;1 resolved;");
  provider->become(ResolveStatus::unavailable);
  EXPECT_EQ(states({credential(1, "mem://app/key"), credential(2, "mem://new/key")}), "2 unavailable;1 resolved;")
      << "a known value is still served";
  EXPECT_EQ(states({credential(1, "mem://malformed"), credential(2, "k8s://a/b/c")}), "2 unavailable;1 denied;");
  for (const auto& [status, expected] :
       {std::pair{ResolveStatus::not_found, "1 missing;"}, std::pair{ResolveStatus::denied, "1 denied;"},
        std::pair{ResolveStatus::invalid, "1 unusable;"}}) {
    provider->become(status);
    EXPECT_EQ(states({credential(1, "mem://fresh" + std::to_string(revision) + "/key")}), expected);
  }
}

TEST_F(Broker, TellsWhatIsWrongWithAReferenceWithoutLookingForIt) {
  const auto broker = make();
  const auto tenant = *TenantId::parse("acme");
  EXPECT_EQ(broker->reference_fault("mem://app/key", tenant), std::nullopt);
  EXPECT_EQ(broker->reference_fault("mem://app", tenant), "the reference has no key");
  EXPECT_EQ(broker->reference_fault("k8s://a/b/c", tenant), "no secret provider for the reference's scheme is loaded");
  EXPECT_TRUE(provider->queries().empty());
}

TEST_F(Broker, RotationKeepsTwoLiveVersionsCurrentFirst) {
  provider->put("app/new", "secret-new");
  provider->put("app/old", "secret-old");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/old", clock.unix_now() + 100s), credential(2, "mem://app/new")});
  EXPECT_EQ(values(resolve(*broker, d)), (Values{"secret-new", "secret-old"}));
  clock.advance(99'999ms);
  EXPECT_EQ(values(resolve(*broker, d)), (Values{"secret-new", "secret-old"}));
  clock.advance(1ms);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-new"}) << "expired ones go although they are cached";
}

TEST_F(Broker, AnExpiredOnlyVersionIsAFailureThatSaysSo) {
  provider->put("app/old", "secret-old");
  const auto broker = make();
  const auto set = resolve(*broker, destination({credential(1, "mem://app/old", clock.unix_now())}));
  EXPECT_TRUE(values(set).empty());
  EXPECT_EQ(failure(set), "the credential has expired");
  EXPECT_TRUE(provider->queries().empty());
}

TEST_F(Broker, PurposesAreKeptApartAndOneFailureSparesTheOthers) {
  provider->put("app/sign", "secret-s");
  const auto broker = make();
  const auto set = resolve(
      *broker, destination({credential(1, "mem://app/sign"), credential(1, "vault://x/y", std::nullopt, "bearer"),
                            credential(1, "mem://nokey", std::nullopt, "basic")}));
  EXPECT_EQ(values(set), Values{"secret-s"});
  EXPECT_EQ(set->find("bearer")->failure, "no secret provider for the reference's scheme is loaded");
  EXPECT_EQ(set->find("basic")->failure, "the reference has no key");
  EXPECT_EQ(set->find("absent"), nullptr);
}

TEST_F(Broker, AChangedDestinationIsNotGivenItsFormerSecrets) {
  inline_jobs = false;
  provider->put("app/old", "secret-old");
  provider->put("app/new", "secret-new");
  const auto broker = make();
  const auto before = destination({credential(1, "mem://app/old")});
  const auto after = destination({credential(2, "mem://app/new")});
  after->revision = 2;
  SetPointer first, second;
  broker->resolve(before, [&](SetPointer set) { first = std::move(set); });
  broker->resolve(after, [&](SetPointer set) { second = std::move(set); });
  run_jobs();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(values(first), Values{"secret-old"});
  EXPECT_EQ(values(second), Values{"secret-new"});
}

TEST_F(Broker, TenantsDoNotShareWhatWasFetched) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  const auto mine = destination({credential(1, "mem://app/key")}, 1),
             theirs = destination({credential(1, "mem://app/key")}, 2);
  theirs->tenant_id = *TenantId::parse("globex");
  resolve(*broker, mine);
  resolve(*broker, theirs);
  ASSERT_EQ(provider->queries().size(), 2u);
  EXPECT_EQ(provider->queries()[1].tenant, "globex");
}

}  // namespace
}  // namespace opi::secrets
