#include <thread>

#include "contract/store_contract.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using delivery::DestinationMemory;
using delivery::FleetStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class FleetContract : public StoreContract {
 protected:
  FleetContract() { engine->catalog().put_tenant({acme, "Acme", {}}, entry(acme)); }

  static FleetStore::Terms terms(const std::string& daemon) { return {daemon, 1h, 2h, {}}; }
  DestinationId known_destination() {
    Destination one;
    one.tenant_id = acme;
    one.id = new_destination();
    one.name = "SIEM";
    one.adapter = "webhook";
    one.endpoint = "https://example.test/hook";
    one.subscriptions = {"alert.*"};
    one.config = "{}";
    engine->catalog().put_destination(one, entry(acme));
    return one.id;
  }
  void given_for(const DestinationId& destination, int count, int first = 0) {
    std::vector<delivery::NewEvent> events;
    for (int i = first; i < first + count; ++i)
      events.push_back(new_event(event("e" + std::to_string(i)), {destination}));
    ASSERT_THAT(engine->store().insert(events, engine->catalog().revision()).results,
                testing::Each(delivery::InsertResult::accepted));
  }
  std::vector<delivery::Claim> claimed_by(const std::string& daemon, const DestinationId& destination,
                                          int limit = 500) {
    return engine->store().claim({{{destination, limit}}}, {daemon, 30s});
  }
  DestinationMemory of(const DestinationId& destination, const std::string& daemon = "daemon-1") {
    const auto known = engine->fleet().recall({{destination}}, daemon);
    return known.empty() ? DestinationMemory{} : known.at(0);
  }
  static std::vector<std::string> ids(const delivery::FleetSnapshot& snapshot) {
    std::vector<std::string> all;
    for (const auto& member : snapshot.members) all.push_back(member.daemon_id);
    return all;
  }
};

TEST_P(FleetContract, ADaemonAloneOwnsAtOnceAndGoesOn) {
  const auto before = engine->now();
  const auto first = engine->fleet().beat(terms("daemon-1"));
  ASSERT_THAT(ids(first), ElementsAre("daemon-1"));
  EXPECT_GE(first.members[0].owns_from, before);
  EXPECT_LE(first.members[0].owns_from, engine->now());
  EXPECT_GE(first.taken_at, before);
  EXPECT_LE(first.taken_at, engine->now());
  engine->clock.advance(5ms);
  const auto second = engine->fleet().beat(terms("daemon-1"));
  EXPECT_EQ(second.members, first.members);
  EXPECT_GT(second.taken_at, first.taken_at);
}

TEST_P(FleetContract, OneThatWasDeadByTheClockJoinsAnew) {
  const auto first = engine->fleet().beat({"daemon-1", 0ms, 2h, {}});
  engine->clock.advance(5ms);
  const auto second = engine->fleet().beat(terms("daemon-1"));
  ASSERT_THAT(ids(second), ElementsAre("daemon-1"));
  EXPECT_GT(second.members[0].owns_from, first.members[0].owns_from);
}

TEST_P(FleetContract, WhoLeavesIsGoneAndTheUnknownMayLeave) {
  engine->fleet().beat(terms("daemon-1"));
  EXPECT_NO_THROW(engine->fleet().leave("nobody"));
  engine->fleet().leave("daemon-1");
  engine->fleet().leave("daemon-1");
  EXPECT_THAT(ids(engine->fleet().beat(terms("daemon-2"))), ElementsAre("daemon-2"));
}

TEST_P(FleetContract, AReplacedOneIsGone) {
  engine->fleet().beat(terms("daemon-1"));
  auto next = terms("daemon-2");
  next.replaces = "daemon-1";
  const auto snapshot = engine->fleet().beat(next);
  ASSERT_THAT(ids(snapshot), ElementsAre("daemon-2"));
  EXPECT_LE(snapshot.members[0].owns_from, engine->now()) << "nobody else lives";
}

TEST_P(FleetContract, APauseAndABreakerOutliveTheirDaemon) {
  const auto paused = known_destination(), tripped = known_destination(), both = known_destination(),
             neither = known_destination();
  engine->fleet().remember({{{paused, 30s}, {tripped, 0s, 0s}, {both, 40s, 80s}, {neither, -5s}}}, "daemon-1");
  const auto known = engine->other_daemons_fleet().recall({{paused, tripped, both, neither, paused}}, "daemon-2");
  EXPECT_THAT(known, SizeIs(3));
  EXPECT_GT(of(paused).pause, 20s);
  EXPECT_LE(of(paused).pause, 30s);
  EXPECT_FALSE(of(paused).probe_in);
  EXPECT_EQ(of(tripped).pause, 0s);
  EXPECT_EQ(of(tripped).probe_in, 0ms);
  EXPECT_GT(of(both).pause, 30s);
  EXPECT_LE(of(both).pause, 40s);
  EXPECT_GT(of(both).probe_in, 70s);
  EXPECT_LE(of(both).probe_in, 80s);
  EXPECT_THAT(engine->fleet().recall({{neither}}, "daemon-2"), IsEmpty());
}

TEST_P(FleetContract, AHoldOutlivesItsDaemonAndIsInTheTrailWhenItBeginsAndWhenItEnds) {
  const auto destination = known_destination();
  const auto trail = [&, before = engine->audit().read(acme, 0, 100).size()] {
    std::vector<std::string> all;
    const auto records = engine->audit().read(acme, 0, 100);
    for (std::size_t i = before; i < records.size(); ++i) {
      const auto& one = records[i].entry;
      EXPECT_EQ(one.actor_kind, audit::ActorKind::system);
      EXPECT_EQ(one.target, "destination:" + destination.to_string());
      all.push_back(one.actor_id + " " + std::string(to_string(one.action)) + " " + one.details);
    }
    return all;
  };
  const auto note = [&](const std::optional<Hold>& hold, const char* daemon = "daemon-1",
                        std::optional<std::chrono::milliseconds> probe_in = {}) {
    engine->fleet().remember({{{.destination = destination, .probe_in = probe_in, .hold = hold}}}, daemon);
  };
  const UnixTime began{1'800'000'000'123ms};
  const Hold missing{HoldCause::adapter_missing, "no plugin", began};
  const std::string held_missing = R"(daemon-1 destination.held {"cause":"adapter_missing","detail":"no plugin"})";
  note(missing);
  EXPECT_EQ(of(destination, "daemon-2").hold, missing);
  EXPECT_THAT(trail(), ElementsAre(held_missing));
  note(missing, "daemon-2", 1h);
  EXPECT_EQ(of(destination).hold, missing);
  EXPECT_TRUE(of(destination).probe_in);
  EXPECT_THAT(trail(), SizeIs(1)) << "it was held for that already";

  const Hold refused{HoldCause::configuration_refused, std::string(Hold::detail_length, 'x'), began};
  note(refused, "daemon-2");
  EXPECT_EQ(of(destination).hold, refused) << "at the edge of what a detail may be";
  note(Hold{HoldCause::disabled, "maintenance", began});
  note(std::nullopt);
  EXPECT_EQ(of(destination), DestinationMemory{});
  EXPECT_EQ(rows("integration_destination_memory"), 0);
  EXPECT_THAT(trail(), ElementsAre(held_missing,
                                   "daemon-2 destination.held {\"cause\":\"configuration_refused\",\"detail\":\"" +
                                       refused.detail + "\",\"cause_was\":\"adapter_missing\"}",
                                   R"(daemon-1 destination.resumed {"cause":"configuration_refused",)"
                                   R"("held_since":"2027-01-15T08:00:00.123Z","now":"disabled"})"));
  note(Hold{HoldCause::breaker_open, "", began});
  note(std::nullopt);
  EXPECT_THAT(trail(), SizeIs(3)) << "what comes and goes by itself is not in the trail";
}

TEST_P(FleetContract, ALateMemoryLeavesTheHoldOfWhoServesTheDestination) {
  const auto destination = known_destination();
  const Hold hold{HoldCause::adapter_missing, "", UnixTime{1s}};
  engine->fleet().remember({{{.destination = destination, .hold = hold}}}, "daemon-1");
  const DestinationMemory late{.destination = destination, .pause = 1h, .late = true};
  engine->other_daemons_fleet().remember({&late, 1}, "daemon-2");
  EXPECT_EQ(of(destination).hold, hold);
  EXPECT_GT(of(destination).pause, 30min);
}

TEST_P(FleetContract, SinceWhenADestinationIsPausedIsRemembered) {
  const auto destination = known_destination();
  const UnixTime since{1'800'000'000'000ms};
  engine->fleet().remember({{{.destination = destination, .pause = 1h, .paused_since = since}}}, "daemon-1");
  EXPECT_EQ(of(destination).paused_since, since);
}

TEST_P(FleetContract, ABreakerIsAsItWasToldLast) {
  const auto destination = known_destination();
  engine->fleet().remember({{{destination, 0s, 1h}}}, "daemon-1");
  engine->fleet().remember({{{destination, 0s, 2h}, {destination, 0s, 30s}}}, "daemon-1");
  EXPECT_LE(of(destination).probe_in, 30s);
  engine->fleet().remember({{{destination}}}, "daemon-1");
  EXPECT_THAT(engine->fleet().recall({{destination}}, "daemon-1"), IsEmpty());
  EXPECT_EQ(rows("integration_destination_memory"), 0);
  EXPECT_NO_THROW(engine->fleet().remember({}, "daemon-1"));
}

// The owner was told of a pause before it could know of the longer one, which its predecessor was told of.
TEST_P(FleetContract, APauseIsTakenAwayByNoShorterOne) {
  const auto destination = known_destination();
  engine->fleet().remember({{{destination, 1h}}}, "daemon-1");
  engine->other_daemons_fleet().remember({{{destination, 1s}}}, "daemon-1");
  EXPECT_GT(of(destination).pause, 50min);
  engine->other_daemons_fleet().remember({{{destination, 3h}, {destination, 1s, 5s}, {destination}}}, "daemon-1");
  EXPECT_GT(of(destination).pause, 170min) << "also of those that are told together";
  EXPECT_FALSE(of(destination).probe_in);
  EXPECT_EQ(rows("integration_destination_memory"), 1);
}

// It was answered after it had let go of the destination, whose new owner has written down what it knows.
TEST_P(FleetContract, WhatAFormerOwnerAddsTakesNothingAway) {
  const auto destination = known_destination();
  engine->fleet().remember({{{destination, 30s, 1h}}}, "daemon-1");
  DestinationMemory late{.destination = destination, .pause = 1s, .probe_in = 1s, .late = true};
  engine->other_daemons_fleet().remember({&late, 1}, "daemon-1");
  EXPECT_GT(of(destination).pause, 20s);
  EXPECT_GT(of(destination).probe_in, 50min);
  late.pause = 1h;
  engine->other_daemons_fleet().remember({&late, 1}, "daemon-1");
  EXPECT_GT(of(destination).pause, 50min);
  EXPECT_GT(of(destination).probe_in, 50min);
  late.destination = known_destination();
  engine->other_daemons_fleet().remember({&late, 1}, "daemon-1");
  EXPECT_GT(of(late.destination).pause, 50min) << "also where nothing was known";
  EXPECT_FALSE(of(late.destination).probe_in);
}

TEST_P(FleetContract, APauseThatIsOverIsNoMemoryAndTheLongestHasABound) {
  const auto over = known_destination(), longest = known_destination();
  engine->fleet().remember({{{over, 1ms}, {longest, std::chrono::milliseconds::max()}}}, "daemon-1");
  engine->clock.advance(5ms);
  std::this_thread::sleep_for(5ms);  // of the database's own clock
  EXPECT_THAT(engine->fleet().recall({{over}}, "daemon-1"), IsEmpty());
  EXPECT_GT(of(longest).pause, std::chrono::days{300});
  EXPECT_LT(of(longest).pause, std::chrono::days{400});
}

TEST_P(FleetContract, OfADestinationThatIsNotThereNothingIsKept) {
  const auto gone = known_destination();
  engine->fleet().remember({{{gone, 1h, 1h}, {new_destination(), 1h, 1h}}}, "daemon-1");
  EXPECT_EQ(rows("integration_destination_memory"), 1);
  ASSERT_EQ(engine->catalog().delete_destination(acme, gone, delivery::Expectation::present(),
                                                 entry(acme, audit::Action::destination_deleted)),
            delivery::WriteResult::stored);
  EXPECT_EQ(rows("integration_destination_memory"), 0);
  EXPECT_THAT(engine->fleet().recall({{gone}}, "daemon-1"), IsEmpty());
}

TEST_P(FleetContract, LeasesOfOthersCountAsLongAsTheyLast) {
  const auto destination = known_destination(), other = known_destination();
  given_for(destination, 4, 0);
  given_for(other, 1, 100);
  auto claims = claimed_by("daemon-1", destination, 3);
  ASSERT_THAT(claims, SizeIs(3));
  ASSERT_THAT(claimed_by("daemon-2", destination), SizeIs(1));
  claimed_by("daemon-1", other);
  EXPECT_EQ(of(destination, "daemon-2").leased_elsewhere, 3);
  EXPECT_GT(of(destination, "daemon-2").leased_elsewhere_for, 20s);
  EXPECT_LE(of(destination, "daemon-2").leased_elsewhere_for, 30s);
  EXPECT_EQ(of(destination, "daemon-1").leased_elsewhere, 1);
  EXPECT_EQ(of(destination, "daemon-3").leased_elsewhere, 4);
  EXPECT_EQ(of(other, "daemon-1").leased_elsewhere, 0);

  // One way out of a lease after the other.
  settle(success(std::move(claims[0])));
  EXPECT_EQ(of(destination, "daemon-2").leased_elsewhere, 2);
  engine->store().release({&claims[1], 1});
  EXPECT_EQ(of(destination, "daemon-2").leased_elsewhere, 1);
  ASSERT_THAT(claimed_by("daemon-1", destination), SizeIs(1));  // named by two leases now
  EXPECT_EQ(of(destination, "daemon-2").leased_elsewhere, 2);
  settle(retry(std::move(claims[2])));
  EXPECT_EQ(of(destination, "daemon-2").leased_elsewhere, 1);
  engine->expire_leases();
  EXPECT_EQ(of(destination, "daemon-2"), DestinationMemory{});
}

TEST_P(FleetContract, ALeaseThatWasTakenOverIsTheOnesWhoTookIt) {
  const auto destination = known_destination();
  given_for(destination, 1);
  auto claims = claimed_by("daemon-1", destination);
  engine->expire_leases();
  ASSERT_THAT(engine->other_daemons_store().take_over_expired(10, "daemon-2", 30s), SizeIs(1));
  EXPECT_EQ(of(destination, "daemon-1").leased_elsewhere, 1);
  EXPECT_EQ(of(destination, "daemon-2").leased_elsewhere, 0);
  EXPECT_EQ(settle(success(std::move(claims[0]))), settled);  // late, and of nobody's lease
  EXPECT_EQ(of(destination, "daemon-1").leased_elsewhere, 0);
}

TEST_P(FleetContract, AsManyAsMayBeAskedForAreRecalledAndOneMoreIsRefused) {
  std::vector<DestinationId> asked;
  std::vector<DestinationMemory> memories;
  for (std::size_t i = 0; i < delivery::DeliveryStore::looked_at_once; ++i) asked.push_back(new_destination());
  const auto last = asked.back() = known_destination();
  engine->fleet().remember({{{last, 1h, 1h}}}, "daemon-1");
  EXPECT_THAT(engine->fleet().recall(asked, "daemon-1"), SizeIs(1));
  EXPECT_THAT(engine->fleet().recall({}, "daemon-1"), IsEmpty());
  asked.push_back(new_destination());
  try {
    engine->fleet().recall(asked, "daemon-1");
    FAIL() << "501 were looked at";
  } catch (const StoreRefused& refusal) {
    EXPECT_THAT(refusal.what(), HasSubstr("501 destinations, of which at most 500"));
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, FleetContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

// --- where one daemon has the store for itself ---

class OneDaemon : public FleetContract {};

TEST_P(OneDaemon, NobodyIsOnTheRoll) {
  engine->fleet().beat(terms("daemon-1"));
  EXPECT_THAT(engine->fleet().roll().daemons, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, OneDaemon,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

// --- where several daemons share a database ---

class SeveralDaemons : public FleetContract {
 protected:
  delivery::DueTime owns_from(const delivery::FleetSnapshot& snapshot, const std::string& daemon) {
    for (const auto& member : snapshot.members)
      if (member.daemon_id == daemon) return member.owns_from;
    throw std::logic_error(daemon + " is no member");
  }
  static constexpr delivery::DueTime hour = 3'600'000'000;
};

TEST_P(SeveralDaemons, WhoJoinsOthersOwnsNothingYet) {
  const auto alone = engine->fleet().beat(terms("daemon-1"));
  const auto before = engine->now();
  const auto second = engine->other_daemons_fleet().beat(terms("daemon-2"));
  ASSERT_THAT(ids(second), ElementsAre("daemon-1", "daemon-2"));
  EXPECT_EQ(owns_from(second, "daemon-1"), owns_from(alone, "daemon-1"));
  EXPECT_GE(owns_from(second, "daemon-2"), before + 2 * hour);
  EXPECT_LE(owns_from(second, "daemon-2"), engine->now() + 2 * hour);
  EXPECT_EQ(engine->fleet().beat(terms("daemon-1")).members, second.members);
  EXPECT_EQ(engine->other_daemons_fleet().beat(terms("daemon-2")).members, second.members) << "a second beat";
}

TEST_P(SeveralDaemons, ADeadOneIsNoMemberAndKeepsNobodyWaiting) {
  engine->fleet().beat(terms("daemon-1"));
  engine->execute("UPDATE integration_daemons SET alive_until = now()");
  const auto next = engine->other_daemons_fleet().beat(terms("daemon-2"));
  ASSERT_THAT(ids(next), ElementsAre("daemon-2"));
  EXPECT_LE(owns_from(next, "daemon-2"), engine->now());
  // It was frozen, and is back: it owns nothing before all know of it.
  const auto back = engine->fleet().beat(terms("daemon-1"));
  ASSERT_THAT(ids(back), ElementsAre("daemon-1", "daemon-2"));
  EXPECT_GT(owns_from(back, "daemon-1"), engine->now() + hour);
}

TEST_P(SeveralDaemons, TheDeadAreForgottenAfterAWhile) {
  engine->fleet().beat(terms("daemon-1"));
  engine->fleet().beat(terms("daemon-2"));
  engine->execute(
      "UPDATE integration_daemons SET alive_until = now() - interval '61 minutes' WHERE daemon_id = 'daemon-1'");
  engine->execute(
      "UPDATE integration_daemons SET alive_until = now() - interval '59 minutes' WHERE daemon_id = 'daemon-2'");
  engine->fleet().beat(terms("daemon-3"));
  EXPECT_EQ(engine->scalar("SELECT string_agg(daemon_id, ' ' ORDER BY daemon_id) FROM integration_daemons"),
            "daemon-2 daemon-3");
}

TEST_P(SeveralDaemons, WhoReplacesOneBesideOthersWaitsForTheOthersAlone) {
  engine->fleet().beat(terms("daemon-1"));
  engine->fleet().beat(terms("daemon-2"));
  auto next = terms("daemon-1-again");
  next.replaces = "daemon-1";
  const auto snapshot = engine->fleet().beat(next);
  ASSERT_THAT(ids(snapshot), ElementsAre("daemon-1-again", "daemon-2"));
  EXPECT_GT(owns_from(snapshot, "daemon-1-again"), engine->now() + hour);
  EXPECT_EQ(engine->fleet().beat(next).members, snapshot.members);
  // One that replaces itself stays.
  next.replaces = next.daemon_id;
  EXPECT_EQ(engine->fleet().beat(next).members, snapshot.members);
}

TEST_P(SeveralDaemons, OfTwoThatComeAtOnceOneSeesTheOtherHoweverTheyCome) {
  for (int round = 0; round < 30; ++round) {
    engine->execute("DELETE FROM integration_daemons");
    delivery::FleetSnapshot first, second;
    std::thread a{[&] { first = engine->fleet().beat(terms("daemon-1")); }};
    std::thread b{[&] { second = engine->other_daemons_fleet().beat(terms("daemon-2")); }};
    a.join();
    b.join();
    const auto both = engine->fleet().beat(terms("daemon-1"));
    ASSERT_THAT(ids(both), ElementsAre("daemon-1", "daemon-2"));
    const bool first_waits = owns_from(both, "daemon-1") > engine->now() + hour;
    const bool second_waits = owns_from(both, "daemon-2") > engine->now() + hour;
    EXPECT_NE(first_waits, second_waits) << "exactly one came second";
    EXPECT_THAT(first_waits ? first.members : second.members, SizeIs(2)) << "who comes second sees who was first";
  }
}

// A beat that is under way holds off who joins: it would take the other one for dead, which goes on.
TEST_P(SeveralDaemons, WhoJoinsWaitsForABeatThatIsUnderWay) {
  engine->fleet().beat(terms("daemon-1"));
  engine->execute("UPDATE integration_daemons SET alive_until = now() + interval '300 ms'");
  engine->execute("BEGIN");
  engine->execute("UPDATE integration_daemons SET alive_until = now() + interval '1 hour'");
  engine->execute("SELECT pg_sleep(0.5)");  // by now the first one's time would be over
  delivery::FleetSnapshot joined;
  std::thread joining{[&] { joined = engine->fleet().beat(terms("daemon-2")); }};
  engine->execute("SELECT pg_sleep(0.5)");
  engine->execute("COMMIT");
  joining.join();
  ASSERT_THAT(ids(joined), ElementsAre("daemon-1", "daemon-2"));
  EXPECT_GT(owns_from(joined, "daemon-2"), engine->now() + hour);
}

// Without being on it: whoever asks shows himself to nobody.
TEST_P(SeveralDaemons, TheRollHoldsWhoLivesAndWhoWentWithoutLeaving) {
  EXPECT_THAT(engine->fleet().roll().daemons, IsEmpty());
  const auto before = engine->now();
  auto second = terms("daemon-2");
  second.clock = UnixTime{std::chrono::duration_cast<UnixTime::duration>(std::chrono::microseconds{before})} + 5s;
  const auto alone = engine->fleet().beat(second);
  const auto both = engine->other_daemons_fleet().beat(terms("daemon-1"));
  engine->fleet().beat(terms("daemon-3"));
  engine->fleet().leave("daemon-3");
  engine->execute(
      "UPDATE integration_daemons SET alive_until = now() - interval '1 minute' WHERE daemon_id = 'daemon-1'");

  const auto roll = engine->fleet().roll();
  ASSERT_THAT(roll.daemons, SizeIs(2)) << "who left is gone, who died is not";
  EXPECT_GE(roll.taken_at, before);
  EXPECT_LE(roll.taken_at, engine->now());
  const auto &dead = roll.daemons[0], &alive = roll.daemons[1];
  EXPECT_EQ(dead.daemon_id, "daemon-1");
  EXPECT_EQ(dead.owns_from, owns_from(both, "daemon-1"));
  EXPECT_EQ(dead.joined_at, dead.owns_from - 2 * hour);
  EXPECT_LE(dead.alive_until, roll.taken_at - hour / 60);
  EXPECT_EQ(dead.clock_ahead, 0ms) << "it said nothing of its clock";
  EXPECT_EQ(alive.daemon_id, "daemon-2");
  EXPECT_EQ(alive.owns_from, owns_from(alone, "daemon-2"));
  EXPECT_EQ(alive.joined_at, alive.owns_from);
  EXPECT_GE(alive.alive_until, before + hour);
  EXPECT_LE(alive.alive_until, roll.taken_at + hour);
  // Of the database's clock as it was when the beat came.
  EXPECT_LE(alive.clock_ahead, 5s);
  EXPECT_GT(alive.clock_ahead, 5s - std::chrono::microseconds{roll.taken_at - before} - 1ms);

  EXPECT_EQ(engine->other_daemons_fleet().roll().daemons.size(), 2u) << "and whoever asks";
}

TEST_P(SeveralDaemons, TheRollTellsOfAClockThatIsBehindAndOfWhatWasSaidLast) {
  auto one = terms("daemon-1");
  one.clock = UnixTime{std::chrono::duration_cast<UnixTime::duration>(std::chrono::microseconds{engine->now()})} + 1h;
  engine->fleet().beat(one);
  one.clock = *one.clock - 2h;
  engine->fleet().beat(one);
  const auto roll = engine->fleet().roll();
  ASSERT_THAT(roll.daemons, SizeIs(1));
  EXPECT_LE(roll.daemons[0].clock_ahead, -1h);
  EXPECT_GT(roll.daemons[0].clock_ahead, -2h);
}

INSTANTIATE_TEST_SUITE_P(Stores, SeveralDaemons, testing::Values(EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
