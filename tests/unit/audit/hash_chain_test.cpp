#include "audit/hash_chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "crypto/digest.hpp"

namespace opi::audit {
namespace {

using testing::HasSubstr;

TenantId tenant(const char* text) { return *TenantId::parse(text); }

Entry entry(int n) {
  Entry e;
  e.tenant = tenant("acme");
  e.at = UnixTime{std::chrono::milliseconds{1'790'000'000'123 + n}};
  e.actor_kind = ActorKind::token;
  e.actor_id = "opi_abc";
  e.actor_role = "operator";
  e.action = Action::delivery_dead_lettered;
  e.target = "delivery:" + std::to_string(n);
  e.correlation_id = "c-1";
  e.details = R"({"n":1})";
  return e;
}

std::vector<Record> chain(int count) {
  std::vector<Record> records;
  Link last = genesis(tenant("acme"));
  for (int n = 1; n <= count; ++n) {
    last = next_link(last, entry(n));
    records.push_back({entry(n), last});
  }
  return records;
}

std::optional<std::string> fault(const std::vector<Record>& records) {
  return first_fault(genesis(tenant("acme")), records);
}

TEST(HashChain, BeginsWithALinkBoundToTheTenant) {
  EXPECT_EQ(genesis(tenant("acme")).sequence, 0);
  EXPECT_NE(genesis(tenant("acme")).hash, genesis(tenant("acm")).hash);
  EXPECT_EQ(genesis(tenant("acme")).hash, crypto::sha256("opi.audit.genesis.v14:acme"));
}

// Written out once by hand: a change of the form breaks every stored chain and needs a new version.
TEST(HashChain, HashesTheDocumentedForm) {
  const Link first = genesis(tenant("acme"));
  const std::string previous(reinterpret_cast<const char*>(first.hash.data()), 32);
  const std::string form = "opi.audit.record.v132:" + previous +
                           "1:14:acme13:17900000001245:token7:opi_abc8:operator22:delivery.dead_lettered10:delivery:1"
                           "3:c-17:{\"n\":1}";
  EXPECT_EQ(crypto::to_hex(next_link(first, entry(1)).hash), crypto::to_hex(crypto::sha256(form)));
}

TEST(HashChain, AnUnbrokenRunHasNoFault) {
  EXPECT_EQ(fault(chain(5)), std::nullopt);
  EXPECT_EQ(fault({}), std::nullopt);
  const auto records = chain(5);
  EXPECT_EQ(first_fault(records[1].link, std::span{records}.subspan(2)), std::nullopt);
}

TEST(HashChain, EveryChangedFieldIsFound) {
  const std::vector<void (*)(Entry&)> changes{
      [](Entry& e) { e.tenant = tenant("other"); },
      [](Entry& e) { e.at += std::chrono::milliseconds{1}; },
      [](Entry& e) { e.actor_kind = ActorKind::system; },
      [](Entry& e) { e.actor_id += "x"; },
      [](Entry& e) { e.actor_role.clear(); },
      [](Entry& e) { e.action = Action::delivery_failed; },
      [](Entry& e) { e.target += "0"; },
      [](Entry& e) { e.correlation_id = "c-2"; },
      [](Entry& e) { e.details = "{}"; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto records = chain(3);
    changes[i](records[1].entry);
    EXPECT_THAT(fault(records).value_or("none"), HasSubstr("record 2 was changed")) << i;
  }
}

TEST(HashChain, ARemovedRecordIsNamed) {
  auto records = chain(4);
  records.erase(records.begin() + 1);
  EXPECT_THAT(fault(records).value_or("none"), HasSubstr("record 2 is missing"));
  records = chain(4);
  records.erase(records.begin());
  EXPECT_THAT(fault(records).value_or("none"), HasSubstr("record 1 is missing"));
}

TEST(HashChain, ReorderedRecordsAreFoundEvenWithForgedSequences) {
  auto records = chain(3);
  std::swap(records[1], records[2]);
  EXPECT_THAT(fault(records).value_or("none"), HasSubstr("record 2 is missing"));
  std::swap(records[1].link.sequence, records[2].link.sequence);
  EXPECT_THAT(fault(records).value_or("none"), HasSubstr("record 2 does not follow its predecessor"));
}

TEST(HashChain, AnInsertedRecordBreaksWhatFollows) {
  auto records = chain(3);
  const Entry forged = entry(9);
  const Link link = next_link(records[0].link, forged);
  records.insert(records.begin() + 1, Record{forged, link});
  EXPECT_THAT(fault(records).value_or("none"), HasSubstr("record 3 is missing: 2 follows 2"));
  for (std::size_t i = 2; i < records.size(); ++i) ++records[i].link.sequence;
  EXPECT_THAT(fault(records).value_or("none"), HasSubstr("record 3 does not follow"));
}

TEST(HashChain, AChainOfAnotherTenantDoesNotBeginHere) {
  EXPECT_THAT(first_fault(genesis(tenant("other")), chain(1)).value_or("none"),
              HasSubstr("record 1 does not follow its predecessor"));
}

// Text that moves from one field to its neighbour gives another form: lengths stand before the fields.
TEST(HashChain, TheCanonicalFormIsInjective) {
  const Link first = genesis(tenant("acme"));
  std::set<Digest> seen;
  const std::vector<std::pair<const char*, const char*>> splits{{"", "ab"},   {"a", "b"},  {"ab", ""}, {"1:a", "b"},
                                                                {"a1:", "b"}, {"a0:", ""}, {"", "0:a"}};
  for (const auto& [id, role] : splits) {
    Entry e = entry(1);
    e.actor_id = id;
    e.actor_role = role;
    seen.insert(next_link(first, e).hash);
  }
  EXPECT_EQ(seen.size(), splits.size());
}

TEST(AuditActions, HaveNamesThatReadBack) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Action::plugin_quarantined); ++i) {
    const auto action = static_cast<Action>(i);
    EXPECT_EQ(parse_action(to_string(action)), action) << i;
    names.insert(to_string(action));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Action::plugin_quarantined) + 1);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(parse_action("delivery.eaten"), std::nullopt);
  EXPECT_EQ(parse_actor_kind("token"), ActorKind::token);
  EXPECT_EQ(parse_actor_kind("system"), ActorKind::system);
  EXPECT_EQ(parse_actor_kind(""), std::nullopt);
}

}  // namespace
}  // namespace opi::audit
