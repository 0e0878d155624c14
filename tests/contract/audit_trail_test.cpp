#include "audit/chain_check.hpp"
#include "audit/checkpointer.hpp"
#include "audit/hash_chain.hpp"
#include "contract/store_contract.hpp"
#include "crypto/digest.hpp"
#include "support/temporary_folder.hpp"

namespace opi::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

// What a trail shows of what somebody did to it.
class AuditTrailContract : public StoreContract {
 protected:
  // Somebody with the database's own rights.
  void pass_the_triggers() {
    if (std::string(GetParam().name) == "postgres") {
      for (const char* table : {"audit_log", "audit_chain_heads"})
        engine->execute(std::string("ALTER TABLE ") + table + " DISABLE TRIGGER USER");
    } else {
      for (const char* trigger :
           {"audit_log_no_update", "audit_log_no_delete", "audit_log_no_replace", "audit_chain_heads_first",
            "audit_chain_heads_forward", "audit_chain_heads_no_delete"})
        engine->execute(std::string("DROP TRIGGER ") + trigger);
    }
  }
  // Makes the trail of acme anew, from what it says now: hashes that fit, as anybody can compute them.
  void hash_again() {
    auto last = audit::genesis(acme);
    for (const auto& record : engine->audit().read(acme, 0, 100)) {
      last = audit::next_link(last, record.entry);
      engine->execute("UPDATE audit_log SET hash = " + bytes(last.hash) + ", previous_hash = " + bytes(last.previous) +
                      " WHERE tenant_id = 'acme' AND sequence = " + std::to_string(last.sequence));
    }
    engine->execute("UPDATE audit_chain_heads SET hash = " + bytes(last.hash) + " WHERE tenant_id = 'acme'");
  }
  std::string bytes(const audit::Digest& digest) {
    return (std::string(GetParam().name) == "postgres" ? "'\\x" : "x'") + crypto::to_hex(digest) + "'";
  }
  std::string fault(const audit::TrustedKeys& trusted = {}) {
    return audit::check_chain(engine->audit(), acme, trusted).fault.value_or("");
  }
  std::string fault_of_last(int records) {
    return audit::check_last(engine->audit(), acme, records, {}).fault.value_or("");
  }
  audit::Checkpointer checkpointer(std::int64_t records, audit::Witness& its) {
    return {engine->audit(),
            key,
            {key.public_key()},
            its,
            engine->clock,
            {records, 15min},
            [this](const std::string& tenant, const std::string& what) { reported.push_back(tenant + ": " + what); }};
  }
  audit::Checkpointer checkpointer(std::int64_t records) { return checkpointer(records, witness); }
  const TemporaryFolder folder;
  audit::Witness witness{folder.path() / "witness"};
  const crypto::Ed25519Key key = crypto::Ed25519Key::generate();
  std::vector<std::string> reported;
};

TEST_P(AuditTrailContract, TheHeadIsNeitherRemovedNorSetBack) {
  for (int i = 0; i < 3; ++i) engine->audit().append({entry(acme)});
  for (const char* change :
       {"DELETE FROM audit_chain_heads", "UPDATE audit_chain_heads SET sequence = sequence - 1",
        "UPDATE audit_chain_heads SET sequence = sequence", "UPDATE audit_chain_heads SET sequence = sequence + 1",
        "UPDATE audit_chain_heads SET tenant_id = 'initech'",
        "INSERT INTO audit_chain_heads SELECT 'initech', 3, hash FROM audit_chain_heads"})
    EXPECT_THROW(engine->execute(change), std::runtime_error) << change;
  EXPECT_EQ(engine->audit().head(acme).sequence, 3);
  EXPECT_EQ(fault(), "");
}

TEST_P(AuditTrailContract, TheHeadPassesNoGap) {
  for (int i = 0; i < 3; ++i) engine->audit().append({entry(acme)});
  const std::string at = std::string(GetParam().name) == "postgres" ? "at" : "at_ms";
  // What may write records puts two behind the head, of which the first follows it.
  for (const char* sequence : {"4", "9"})
    engine->execute("INSERT INTO audit_log SELECT tenant_id, " + std::string(sequence) + ", " + at +
                    ", actor_kind, actor_id, actor_role, action, target, correlation_id, details, hash, hash "
                    "FROM audit_log WHERE sequence = 3");
  EXPECT_THROW(engine->execute("UPDATE audit_chain_heads SET sequence = 9"), std::runtime_error);
  EXPECT_EQ(engine->audit().head(acme).sequence, 3);
  // A chain that has no head yet gets none beyond a gap.
  engine->execute("INSERT INTO audit_log SELECT 'initech', 2, " + at +
                  ", actor_kind, actor_id, actor_role, action, target, correlation_id, details, hash, hash "
                  "FROM audit_log WHERE sequence = 3");
  EXPECT_THROW(
      engine->execute("INSERT INTO audit_chain_heads SELECT 'initech', 2, hash FROM audit_log WHERE sequence = 3"),
      std::runtime_error);
}

TEST_P(AuditTrailContract, NothingIsPutInAnothersPlace) {
  if (std::string(GetParam().name) == "postgres") GTEST_SKIP() << "has no REPLACE";
  engine->audit().append({entry(acme)});
  engine->execute("PRAGMA recursive_triggers = OFF");  // as in a program that is not ours
  EXPECT_THROW(
      engine->execute("INSERT OR REPLACE INTO audit_log SELECT tenant_id, sequence, at_ms, actor_kind, 'nobody', "
                      "actor_role, action, target, correlation_id, details, previous_hash, hash FROM audit_log"),
      std::runtime_error);
  EXPECT_THROW(engine->execute("REPLACE INTO audit_chain_heads SELECT tenant_id, 0, hash FROM audit_chain_heads"),
               std::runtime_error);
  EXPECT_EQ(fault(), "");
}

TEST_P(AuditTrailContract, AHeadThatIsNotWhatItWasIsNoticed) {
  for (int i = 0; i < 5; ++i) engine->audit().append({entry(acme)});
  pass_the_triggers();
  engine->execute("UPDATE audit_chain_heads SET sequence = 3, hash = (SELECT hash FROM audit_log WHERE sequence = 3)");
  EXPECT_EQ(fault(), "record 4 lies beyond the chain's head, which is 3: the head was removed or set back");
  EXPECT_THAT(fault_of_last(2), HasSubstr("record 4 lies beyond"));
  engine->execute("DELETE FROM audit_log WHERE sequence = 4");
  EXPECT_THAT(fault(), HasSubstr("record 5 lies beyond")) << "with a gap";
  engine->execute("DELETE FROM audit_chain_heads");
  EXPECT_THAT(fault(), HasSubstr("record 1 lies beyond the chain's head, which is 0"));
  EXPECT_THAT(fault_of_last(2), HasSubstr("record 1 lies beyond the chain's head, which is 0"));
  engine->execute("DELETE FROM audit_log");
  EXPECT_THAT(fault(), HasSubstr("the trail is empty")) << "every tenant's begins with its creation";
  EXPECT_EQ(audit::check_chain(engine->audit(), audit::system_tenant(), {}).fault, std::nullopt);
}

TEST_P(AuditTrailContract, ACheckOfTheLastRecordsLooksAtTheFirstToo) {
  for (int i = 0; i < 5; ++i) engine->audit().append({entry(acme)});
  EXPECT_EQ(fault_of_last(2), "");
  pass_the_triggers();
  engine->execute("DELETE FROM audit_log WHERE sequence = 1");
  EXPECT_THAT(fault_of_last(2), HasSubstr("record 1 is missing"));
}

TEST_P(AuditTrailContract, TheHeadsOfAllChainsAreListed) {
  engine->audit().append({entry(acme), entry(globex), entry(acme), entry(TenantId{}, audit::Action::plugin_loaded)});
  std::vector<std::string> heads;
  for (const auto& [tenant, link] : engine->audit().heads()) {
    heads.push_back(tenant + " " + std::to_string(link.sequence));
    EXPECT_EQ(link.hash, engine->audit().head(TenantId::parse(tenant).value_or(TenantId{})).hash);
  }
  EXPECT_THAT(heads, testing::UnorderedElementsAre("acme 2", "globex 1", " 1"));
}

TEST_P(AuditTrailContract, ACheckpointIsWrittenAtSoManyRecordsOrAfterSoLong) {
  auto watch = checkpointer(3);
  const auto look = [&] {
    watch.run_once({});
    std::string actions;
    for (const auto& record : engine->audit().read(acme, 0, 100))
      actions += record.entry.action == audit::Action::audit_checkpoint ? 'C' : '.';
    return actions;
  };
  engine->audit().append({entry(acme), entry(acme)});
  EXPECT_EQ(look(), "..");
  engine->audit().append({entry(acme)});
  EXPECT_EQ(look(), "...C");
  EXPECT_EQ(look(), "...C") << "a checkpoint needs none";
  engine->clock.advance(1h);
  EXPECT_EQ(look(), "...C");
  engine->audit().append({entry(acme)});
  EXPECT_EQ(look(), "...C.");
  engine->clock.advance(15min - 1ms);
  EXPECT_EQ(look(), "...C.");
  engine->clock.advance(1ms);
  EXPECT_EQ(look(), "...C.C");
  EXPECT_EQ(audit::check_chain(engine->audit(), acme, {key.public_key()}).signed_sequence, 5);
  EXPECT_EQ(fault({key.public_key()}), "");
  // Another daemon, or this one after a restart, goes on where the last checkpoint stands.
  auto other = checkpointer(3);
  engine->audit().append({entry(acme), entry(acme), entry(acme)});
  other.run_once({});
  EXPECT_EQ(look(), "...C.C...C");
  EXPECT_THAT(reported, IsEmpty());
}

TEST_P(AuditTrailContract, ARewriteWithoutTheKeyIsSeen) {
  engine->audit().append({entry(acme), entry(acme), entry(acme)});
  auto watch = checkpointer(3);
  watch.run_once({});
  engine->audit().append({entry(acme)});
  ASSERT_EQ(fault({key.public_key()}), "");
  pass_the_triggers();
  engine->execute("UPDATE audit_log SET actor_id = 'nobody' WHERE tenant_id = 'acme' AND sequence = 2");
  hash_again();
  EXPECT_EQ(fault(), "records up to 3 were rewritten: the signed checkpoint at record 4 has another hash");
  // A checkpoint of a key of one's own does not help.
  const auto other = crypto::Ed25519Key::generate();
  const auto third = engine->audit().read(acme, 2, 1).at(0).link;
  const auto forged = audit::checkpoint_entry(acme, third, other, engine->clock.unix_now());
  engine->execute("UPDATE audit_log SET details = '" + forged.details + "' WHERE tenant_id = 'acme' AND sequence = 4");
  hash_again();
  EXPECT_EQ(fault(), "");
  EXPECT_THAT(fault({key.public_key()}), HasSubstr("record 4 is a checkpoint of a key that is not trusted"));
  EXPECT_EQ(fault({key.public_key(), other.public_key()}), "");
  engine->execute("UPDATE audit_log SET details = '{}' WHERE tenant_id = 'acme' AND sequence = 4");
  hash_again();
  EXPECT_EQ(fault(), "record 4 is not the checkpoint that it says it is");
}

TEST_P(AuditTrailContract, AChainThatDoesNotHoldIsToldOfAndNotSigned) {
  engine->audit().append({entry(acme), entry(acme), entry(acme)});
  auto watch = checkpointer(3);
  watch.run_once({});
  engine->audit().append({entry(acme), entry(acme), entry(acme)});
  pass_the_triggers();
  // The checkpoint is taken away, and everything fits again: who watched knows better.
  engine->execute(
      "UPDATE audit_log SET actor_id = 'nobody', action = 'tenant.changed' WHERE tenant_id = 'acme' AND sequence = 4");
  engine->execute("UPDATE audit_log SET actor_id = 'nobody' WHERE tenant_id = 'acme' AND sequence = 2");
  hash_again();
  ASSERT_EQ(fault({key.public_key()}), "");
  watch.run_once({});
  EXPECT_THAT(reported, testing::ElementsAre("acme: record 4 does not follow its predecessor"));
  watch.run_once({});
  EXPECT_THAT(reported, SizeIs(1)) << "told of once an interval";
  engine->clock.advance(15min);
  watch.run_once({});
  ASSERT_THAT(reported, SizeIs(2));
  EXPECT_THAT(engine->audit().read(acme, 0, 100), SizeIs(7)) << "nothing was signed";
  engine->execute("DELETE FROM audit_log WHERE tenant_id = 'acme' AND sequence > 1");
  engine->execute(
      "UPDATE audit_chain_heads SET sequence = 1, hash = (SELECT hash FROM audit_log WHERE tenant_id = 'acme')");
  engine->clock.advance(15min);
  watch.run_once({});
  EXPECT_THAT(reported.back(), HasSubstr("the chain was cut off together with its head"));
}

TEST_P(AuditTrailContract, ARecordThatNobodyKnowsIsAFaultOfItsOwnTrailAlone) {
  engine->audit().append({entry(acme), entry(acme), entry(acme), entry(globex), entry(globex), entry(globex)});
  pass_the_triggers();
  engine->execute("UPDATE audit_log SET action = 'token.vanished' WHERE tenant_id = 'acme' AND sequence = 2");
  engine->execute("INSERT INTO audit_chain_heads SELECT 'No Tenant', 0, hash FROM audit_chain_heads LIMIT 1");
  EXPECT_EQ(fault(), "record 2 has an action or an actor that this version does not know");
  EXPECT_EQ(to_string(engine->audit().list(acme, {}).at(1).entry.action), "unknown");
  EXPECT_EQ(audit::parse_action("unknown"), std::nullopt);
  auto watch = checkpointer(3);
  watch.run_once({});
  EXPECT_THAT(reported,
              testing::ElementsAre("No Tenant: the chain's head is of a name that no tenant can have",
                                   "acme: record 2 has an action or an actor that this version does not know"));
  EXPECT_EQ(engine->audit().head(acme).sequence, 3) << "nothing was signed";
  EXPECT_EQ(engine->audit().head(globex).sequence, 4) << "the other one was";
  watch.run_once({});
  EXPECT_THAT(reported, SizeIs(2)) << "told of once an interval";
}

TEST_P(AuditTrailContract, ARecordThatCannotBeReadStopsNoOtherTrail) {
  engine->audit().append({entry(acme), entry(acme), entry(acme), entry(globex), entry(globex), entry(globex)});
  pass_the_triggers();
  engine->execute(std::string(GetParam().name) == "postgres"
                      ? "ALTER TABLE audit_log DROP CONSTRAINT audit_log_hash_check"
                      : "PRAGMA ignore_check_constraints = ON");
  engine->execute(
      "UPDATE audit_log SET hash = " + bytes({}).substr(0, std::string(GetParam().name) == "postgres" ? 5 : 4) +
      "' WHERE tenant_id = 'acme'");
  auto watch = checkpointer(3);
  watch.run_once({});
  EXPECT_THAT(reported, testing::ElementsAre(HasSubstr("acme: it can be neither read nor signed: ")));
  EXPECT_EQ(engine->audit().head(globex).sequence, 4);
}

TEST_P(AuditTrailContract, ATrailWithoutItsHeadIsToldOf) {
  engine->audit().append({entry(acme), entry(acme), entry(acme), entry(globex)});
  auto watch = checkpointer(3);
  watch.run_once({});
  ASSERT_THAT(reported, IsEmpty());
  pass_the_triggers();
  engine->execute("DELETE FROM audit_chain_heads");
  engine->execute("DELETE FROM audit_log WHERE tenant_id = 'globex'");
  watch.run_once({});
  EXPECT_THAT(reported, testing::ElementsAre(HasSubstr("acme: record 1 lies beyond the chain's head, which is 0"),
                                             HasSubstr("globex: record 1 is missing: ")));
  reported.clear();
  // A daemon that never watched them knows the tenants.
  audit::Witness none{folder.path() / "none"};
  auto other = checkpointer(3, none);
  other.run_once({acme, globex});
  EXPECT_THAT(reported, testing::ElementsAre(HasSubstr("acme: record 1 lies beyond the chain's head, which is 0"),
                                             HasSubstr("globex: record 1 is missing: the trail is empty")));
  EXPECT_THAT(engine->audit().read(acme, 0, 100), SizeIs(4)) << "nothing was signed";
}

TEST_P(AuditTrailContract, ADaemonDoesNotSignARewriteAfterItsRestart) {
  engine->audit().append({entry(acme), entry(acme), entry(acme), entry(globex)});
  auto watch = checkpointer(3);
  watch.run_once({});
  ASSERT_EQ(engine->audit().head(acme).sequence, 4);
  // While no daemon runs the checkpoint is taken away, and every hash made anew: the trail is whole in itself.
  pass_the_triggers();
  engine->execute("UPDATE audit_log SET action = 'tenant.changed' WHERE tenant_id = 'acme' AND sequence = 4");
  engine->execute("UPDATE audit_log SET actor_id = 'nobody' WHERE tenant_id = 'acme'");
  hash_again();
  ASSERT_EQ(fault({key.public_key()}), "");
  engine->execute("DELETE FROM audit_log WHERE tenant_id = 'globex'");
  engine->execute("DELETE FROM audit_chain_heads WHERE tenant_id = 'globex'");
  audit::Witness kept{folder.path() / "witness"};
  EXPECT_EQ(audit::Witness::fault_of(engine->audit(), acme, kept.find(acme).value()),
            "record 3 is not the one that the daemon read before: the trail was rewritten");
  auto other = checkpointer(3, kept);
  other.run_once({});
  EXPECT_THAT(reported,
              testing::ElementsAre("acme: record 3 is not the one that the daemon read before: the trail was rewritten",
                                   "globex: record 1 is missing: the daemon read it before"));
  engine->clock.advance(15min);
  other.run_once({});
  EXPECT_THAT(reported, SizeIs(4)) << "it does not take it on";
  EXPECT_THAT(engine->audit().read(acme, 0, 100), SizeIs(4)) << "nothing was signed";
}

TEST_P(AuditTrailContract, ARestartGoesOnWhereTheWitnessStands) {
  engine->audit().append({entry(acme), entry(acme), entry(acme)});
  checkpointer(3).run_once({});
  engine->audit().append({entry(acme), entry(acme), entry(acme)});
  audit::Witness kept{folder.path() / "witness"};
  EXPECT_EQ(kept.find(acme).value().sequence, 3);
  checkpointer(3, kept).run_once({});
  EXPECT_THAT(reported, IsEmpty());
  EXPECT_EQ(engine->audit().head(acme).sequence, 8);
  EXPECT_EQ(audit::check_chain(engine->audit(), acme, {key.public_key()}).signed_sequence, 7);
}

TEST_P(AuditTrailContract, ACheckOfTheChainNamesWhatSomebodyDidToTheTable) {
  for (int i = 0; i < 5; ++i) engine->audit().append({entry(acme)});
  const auto whole = [&] { return audit::check_chain(engine->audit(), acme, {}); };
  EXPECT_EQ(whole().fault, std::nullopt);
  EXPECT_EQ(whole().checked, 5);
  EXPECT_EQ(audit::check_last(engine->audit(), acme, 2, {}).checked, 2);
  EXPECT_EQ(audit::check_last(engine->audit(), acme, 9, {}).checked, 5);
  pass_the_triggers();
  engine->execute("DELETE FROM audit_log WHERE sequence = 5");
  EXPECT_THAT(whole().fault.value_or(""), HasSubstr("record 5 is missing: the chain is cut off"));
  engine->execute("UPDATE audit_log SET actor_id = 'nobody' WHERE sequence = 2");
  EXPECT_EQ(whole().fault.value_or(""), "record 2 was changed");
  EXPECT_THAT(audit::check_last(engine->audit(), acme, 2, {}).fault.value_or(""), HasSubstr("record 5 is missing"));
}

INSTANTIATE_TEST_SUITE_P(Stores, AuditTrailContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
