#include "audit/audit_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "crypto/digest.hpp"

namespace opi::audit {
namespace {

using testing::HasSubstr;
using Lines = std::vector<std::string>;

class AuditExport : public testing::Test {
 protected:
  static Entry entry(std::int64_t n) {
    Entry e;
    e.tenant = *TenantId::parse("acme");
    e.at = UnixTime{std::chrono::milliseconds{1'790'000'000'123 + n}};
    e.actor_kind = ActorKind::user;
    e.actor_id = "jürgen@example.org";
    e.actor_role = "operator";
    e.action = Action::dead_letter_replayed;
    e.target = "delivery:" + std::to_string(n);
    e.details = R"({"reason":"\"quoted\""})";
    return e;
  }
  static std::vector<Record> chain(int count) {
    std::vector<Record> records;
    Link last = genesis(*TenantId::parse("acme"));
    for (int n = 1; n <= count; ++n) {
      last = next_link(last, entry(n));
      records.push_back({entry(n), last});
    }
    return records;
  }
  Lines exported(const std::vector<Record>& records, const Link& before) const {
    ExportWriter writer(*TenantId::parse("acme"), before, key, UnixTime{});
    std::string text = writer.head();
    for (const auto& record : records) text += writer.record(record);
    text += writer.end();
    Lines lines;
    for (std::size_t start = 0; start < text.size();) {
      const auto end = text.find('\n', start);
      lines.push_back(text.substr(start, end - start));
      start = end + 1;
    }
    return lines;
  }
  Lines exported(int count) const { return exported(chain(count), genesis(*TenantId::parse("acme"))); }
  // The first fault, or "holds".
  std::string verdict(const Lines& lines, std::optional<crypto::Ed25519PublicKey> trusted = std::nullopt) const {
    ExportVerifier verifier(trusted);
    for (const auto& line : lines)
      if (const auto fault = verifier.line(line)) return *fault;
    return verifier.end().value_or("holds");
  }
  static void replace(std::string& line, const std::string& from, const std::string& to) {
    const auto place = line.find(from);
    ASSERT_NE(place, std::string::npos) << line;
    line.replace(place, from.size(), to);
  }

  const crypto::Ed25519Key key = crypto::Ed25519Key::generate();
};

TEST_F(AuditExport, HoldsAsItWasWritten) {
  EXPECT_EQ(verdict(exported(0)), "holds");
  EXPECT_EQ(verdict(exported(3)), "holds");
  EXPECT_EQ(verdict(exported(3), key.public_key()), "holds");
}

TEST_F(AuditExport, HasACheckpointAThousandRecords) {
  for (const int count : {999, 1'000, 1'001, 2'000}) {
    const auto lines = exported(count);
    EXPECT_EQ(verdict(lines), "holds");
    const auto checkpoints =
        std::ranges::count_if(lines, [](const std::string& line) { return line.find("\"checkpoint\"") != line.npos; });
    EXPECT_EQ(checkpoints, 2 + count / 1'000);
  }
  auto lines = exported(1'001);
  lines.erase(lines.begin() + 1'002);
  EXPECT_THAT(verdict(lines), HasSubstr("the checkpoint before record 1001 is missing"));
}

TEST_F(AuditExport, MayBeginInTheMiddleOfTheChain) {
  const auto records = chain(10);
  const auto lines = exported({records.begin() + 4, records.end()}, records[3].link);
  EXPECT_EQ(verdict(lines), "holds");
}

TEST_F(AuditExport, NamesAChangedRecord) {
  auto lines = exported(5);
  replace(lines[4], "delivery:3", "delivery:9");
  EXPECT_EQ(verdict(lines), "record 3 was changed");
}

TEST_F(AuditExport, NamesARemovedRecord) {
  auto lines = exported(5);
  lines.erase(lines.begin() + 4);
  EXPECT_THAT(verdict(lines), HasSubstr("record 3 is missing"));
  lines = exported(5);
  lines.erase(lines.begin() + 6);  // the last one: only the checkpoint knows of it
  EXPECT_THAT(verdict(lines), HasSubstr("record 5 is missing"));
}

TEST_F(AuditExport, NamesRecordsThatChangedPlaces) {
  auto lines = exported(5);
  std::swap(lines[3], lines[4]);
  EXPECT_THAT(verdict(lines), HasSubstr("record 2 is missing: 3 follows 1"));
}

TEST_F(AuditExport, NamesTheRecordAfterWhichItWasCutOff) {
  auto lines = exported(5);
  lines.resize(5);
  EXPECT_EQ(verdict(lines), "the export is cut off after record 3");
  lines = exported(1'500);
  lines.resize(1'003);  // cleanly after a checkpoint
  EXPECT_EQ(verdict(lines), "the export is cut off after record 1000");
  lines = exported(5);
  lines.back().resize(20);
  EXPECT_THAT(verdict(lines), HasSubstr("after record 5, is not a JSON object"));
  EXPECT_EQ(verdict({}), "the export is empty");
}

TEST_F(AuditExport, FindsAChainThatWasRewrittenWithFreshHashes) {
  auto records = chain(5);
  records[2].entry.target = "delivery:9";
  Link last = records[1].link;
  for (std::size_t i = 2; i < records.size(); ++i) records[i].link = last = next_link(last, records[i].entry);
  auto forged = exported(records, genesis(*TenantId::parse("acme")));
  forged.back() = exported(5).back();
  EXPECT_THAT(verdict(forged), HasSubstr("records up to 5 were rewritten"));
}

TEST_F(AuditExport, RefusesAnotherKeysSignature) {
  const auto stranger = crypto::Ed25519Key::generate();
  EXPECT_THAT(verdict(exported(2), stranger.public_key()), HasSubstr("another key than the trusted one"));
  auto lines = exported(2);
  replace(lines[0], crypto::to_base64(key.public_key()), crypto::to_base64(stranger.public_key()));
  EXPECT_THAT(verdict(lines), HasSubstr("signature does not hold"));
}

TEST_F(AuditExport, ACheckpointCannotBeMadeFinal) {
  auto lines = exported(1'500);
  lines.resize(1'003);
  replace(lines.back(), "\"final\":false", "\"final\":true");
  EXPECT_THAT(verdict(lines), HasSubstr("signature does not hold"));
}

TEST_F(AuditExport, CannotBeGivenToAnotherTenantOrContinued) {
  auto lines = exported(2);
  replace(lines[0], "acme", "globex");
  EXPECT_NE(verdict(lines), "holds");
  lines = exported(2);
  lines.push_back(lines[2]);
  EXPECT_THAT(verdict(lines), HasSubstr("follows the final checkpoint"));
  lines = exported(2);
  lines.erase(lines.begin() + 1);
  EXPECT_THAT(verdict(lines), HasSubstr("the checkpoint before the first record is missing"));
  EXPECT_THAT(verdict({std::string(ExportLimits::line_bytes + 1, 'x')}), HasSubstr("longer than any line"));
}

}  // namespace
}  // namespace opi::audit
