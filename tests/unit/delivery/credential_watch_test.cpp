#include "delivery/credential_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

class Watch : public testing::Test {
 protected:
  static Claim claim(int destination = 1) {
    Claim::Data data;
    data.destination = test::destination_id(destination);
    data.event = std::make_shared<const Event>(test::event("e-1").event);
    return Claim(std::move(data));
  }
  // How many uses the record stands for; 0: none is due.
  int fail(int destination = 1, const char* purpose = "signing") {
    auto failure = watch.failed(claim(destination), purpose, "missing");
    if (!failure) return 0;
    last = std::move(failure->entry);
    return failure->uses;
  }

  test::ManualClock clock;
  CredentialWatch watch{clock};
  audit::Entry last;
};

TEST_F(Watch, TheFirstFailureIsARecordThatNamesNoSecret) {
  ASSERT_EQ(fail(), 1);
  EXPECT_EQ(last.tenant.str(), "acme");
  EXPECT_EQ(last.action, audit::Action::credential_failed);
  EXPECT_EQ(last.target, "destination:" + test::destination_id(1).to_string());
  EXPECT_EQ(last.correlation_id, "c-e-1");
  const auto details = boost::json::parse(last.details).as_object();
  EXPECT_EQ(details.at("purpose").as_string(), "signing");
  EXPECT_EQ(details.at("reason").as_string(), "missing");
  EXPECT_EQ(details.at("uses").as_int64(), 1);
  EXPECT_EQ(details.size(), 5u) << "nothing but purpose, reason, delivery, uses and first_at_ms";
}

TEST_F(Watch, WhileItLastsThereIsOneRecordAnHour) {
  EXPECT_EQ(fail(), 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(fail(), 0);
  clock.advance(1h - 1ms);
  EXPECT_EQ(fail(), 0);
  clock.advance(1ms);
  EXPECT_EQ(fail(), 102) << "all since the last record";
  EXPECT_EQ(fail(), 0);
}

TEST_F(Watch, AFailureAfterASuccessIsANewOne) {
  EXPECT_EQ(fail(), 1);
  clock.advance(1min);
  watch.succeeded(test::destination_id(1), "signing");
  EXPECT_EQ(fail(), 1);
}

TEST_F(Watch, AReceiverThatWaversGetsOneRecordAMinute) {
  int records = 0;
  for (int second = 0; second < 600; ++second) {
    records += fail() > 0;
    watch.succeeded(test::destination_id(1), "signing");
    clock.advance(1s);
  }
  EXPECT_EQ(records, 10);
}

TEST_F(Watch, DestinationsAndPurposesAreWatchedApart) {
  EXPECT_EQ(fail(1), 1);
  EXPECT_EQ(fail(2), 1);
  EXPECT_EQ(fail(1, "token"), 1);
  watch.succeeded(test::destination_id(2), "signing");
  clock.advance(1min);
  EXPECT_EQ(fail(1), 0);
  EXPECT_EQ(fail(2), 1);
}

TEST_F(Watch, ARecordThatWasNotStoredIsDueAgain) {
  for (int i = 0; i < 2; ++i) {
    const auto failure = watch.failed(claim(), "signing", "missing");
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->uses, i + 1);
    watch.unrecorded(test::destination_id(1), *failure);
  }
}

TEST_F(Watch, BeyondItsMemoryEveryFailureIsARecordAndWhatIsOldIsForgotten) {
  CredentialWatch small(clock, {.purposes = 1});
  EXPECT_TRUE(small.failed(claim(1), "signing", "missing"));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(small.failed(claim(2), "signing", "missing"));
  clock.advance(1h);
  EXPECT_TRUE(small.failed(claim(2), "signing", "missing"));
  EXPECT_FALSE(small.failed(claim(2), "signing", "missing")) << "it took the place of the other";
}

class CredentialUse : public test::WithEngine {
 protected:
  std::vector<audit::Record> records() {
    return audit_log.list(*TenantId::parse("acme"), {.action = audit::Action::credential_failed, .limit = 200});
  }
  std::string reason(const audit::Record& record) {
    return boost::json::parse(record.entry.details).at("reason").as_string().c_str();
  }
  void attempt(int status) {
    clock.advance(6min);  // longer than the policy's backoff
    dispatch();
    if (!transport.under_way.empty()) transport.answer(status, "");
    engine().settler.run_once();
  }
};

TEST_F(CredentialUse, ThatCannotBeResolvedIsOneRecordForAllItsAttempts) {
  engine().provider->status = secrets::ResolveStatus::denied;
  publish_and_dispatch();
  engine().settler.run_once();
  for (int i = 0; i < 3; ++i) attempt(200);
  ASSERT_EQ(records().size(), 1u);
  EXPECT_EQ(reason(records()[0]), "denied");
  EXPECT_EQ(records()[0].entry.details.find("mem://"), std::string::npos);
  EXPECT_EQ(attempts_of(only_delivery()).size(), 4u);
}

TEST_F(CredentialUse, ThatTheReceiverRefusesIsARecord) {
  registry.adapter->change_rendering = [](Rendering& r) { r.used_purposes = {"signing"}; };
  publish_and_dispatch();
  transport.answer(401, "who are you");
  engine().settler.run_once();
  ASSERT_EQ(records().size(), 1u);
  EXPECT_EQ(reason(records()[0]), "refused");
  attempt(503);
  attempt(401);
  EXPECT_EQ(records().size(), 2u) << "it had been taken in between";
}

TEST_F(CredentialUse, ThatTheAdapterAskedForInVainIsARecord) {
  registry.adapter->change_rendering = [](Rendering& r) {
    r.ok = false;
    r.retryable = true;
    r.unusable_purpose = "token";
  };
  publish_and_dispatch();
  engine().settler.run_once();
  ASSERT_EQ(records().size(), 1u);
  EXPECT_EQ(reason(records()[0]), "missing");
}

TEST_F(CredentialUse, ThatWorksIsNone) {
  registry.adapter->change_rendering = [](Rendering& r) { r.used_purposes = {"signing"}; };
  publish_and_dispatch();
  transport.answer(200, "");
  engine().settler.run_once();
  EXPECT_TRUE(records().empty());
}

// The settlement that carried the record lost its lease: the next one carries it.
TEST_F(CredentialUse, ARecordOfALostLeaseIsNotForgotten) {
  engine().provider->status = secrets::ResolveStatus::denied;
  publish_and_dispatch();
  clock.advance(1h);
  real_store.take_over_expired(10, "another", 1ms);
  engine().settler.run_once();
  EXPECT_TRUE(records().empty());
  clock.advance(1min);
  engine().rescuer.run_once();
  attempt(200);
  attempt(200);
  EXPECT_EQ(records().size(), 1u);
}

}  // namespace
}  // namespace opi::delivery
