#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "command_line/operator.hpp"

// The audit trail outside of the store: an export, and everything that can be done to it.
namespace opi::command_line_test {
namespace {

using testing::HasSubstr;

class Audit : public OnBothStores {
 protected:
  Audit() {
    site.provision("/healthy");
    for (int number = 0; number < 6; ++number) (void)site.token("auditor");
  }
  std::string file(const char* name) { return (site.folder() / name).string(); }
  // The export after a program of sed, checked as on a machine that has nothing of ours but the program.
  Result check_after(const std::string& sed, const std::string& more = "") {
    return user.shell("sed '" + sed + "' '" + file("trail") + "' > '" + file("copy") + "'; exec env -i " +
                      std::string(OPI_PROGRAMS) + "/integrationsctl audit verify --file '" + file("copy") + "' " +
                      more);
  }
};

TEST_P(Audit, TheStoredTrailHolds) {
  const auto verified = user.json({"audit", "verify", "--tenant", "acme"});
  EXPECT_TRUE(verified.at("holds").as_bool());
  EXPECT_EQ(verified.at("records").as_int64(), verified.at("checked").as_int64());
  EXPECT_THAT(user.run({"audit", "verify", "--tenant", "acme"}).out,
              HasSubstr("the audit chain of acme holds: 8 records"));
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "nobody"}).code, 66);
  EXPECT_EQ(user.run({"audit", "verify"}).code, 64);
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "_system"}).code, 0);
}

TEST_P(Audit, AnExportIsCheckedWithoutStoreAndConfiguration) {
  const auto made = user.json({"audit", "export", "--tenant", "acme", "--output", file("trail")});
  EXPECT_EQ(made.at("records").as_int64(), 8);
  struct stat status {};
  ASSERT_EQ(::stat(file("trail").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto whole = check_after("", "--public-key " + text(made, "public_key"));
  EXPECT_EQ(whole.code, 0) << whole.err;
  EXPECT_THAT(whole.out, HasSubstr("8 records of acme"));
  EXPECT_EQ(user.run({"audit", "export", "--tenant", "acme", "--output", file("trail")}).code, 73);
  const auto record =
      user.json({"audit", "list", "--tenant", "acme", "--action", "audit.exported"}).at("records").at(0);
  EXPECT_THAT(text(record.at("actor"), "id"), HasSubstr("integrationsctl/"));
}

TEST_P(Audit, WhatWasDoneToAnExportIsNamed) {
  user.json({"audit", "export", "--tenant", "acme", "--output", file("trail")});
  const auto expect = [&](const std::string& sed, const std::string& words) {
    const auto found = check_after(sed);
    EXPECT_EQ(found.code, 1) << sed;
    EXPECT_THAT(found.err, HasSubstr(words)) << sed;
  };
  // Line 1 is the header, 2 its checkpoint, so that record n stands on line n + 2.
  expect("5s/token/t0ken/", "record 3 was changed");
  expect("5d", "record 3 is missing");
  expect("5{h;d};6G", "record 3 is missing: 4 follows 2");
  expect("8,$d", "cut off after record 5");
  expect("10,$d", "cut off after record 7");
  expect("2d", "the checkpoint before the first record is missing");
  expect("1s/acme/acm/", "the header");
  EXPECT_EQ(check_after("", "--public-key " + std::string(64, 'a')).code, 1);
  EXPECT_EQ(check_after("", "--public-key /nowhere").code, 66);
  EXPECT_EQ(check_after("", "--public-key /etc/hostname").code, 65);
  EXPECT_EQ(user.run({"audit", "verify", "--file", "/nowhere"}).code, 66);
  const auto as_json = check_after("5d", "--json");
  EXPECT_EQ(as_json.code, 1);
  EXPECT_FALSE(as_json.json().at("holds").as_bool());
}

TEST_P(Audit, APartBeginsAndEndsAtWholeRecords) {
  const auto nothing =
      user.json({"audit", "export", "--tenant", "acme", "--from", "2200-01-01T00:00:00Z", "--output", file("late")});
  EXPECT_EQ(nothing.at("records").as_int64(), 0);
  const auto fourth = text(user.json({"audit", "show", "4", "--tenant", "acme"}), "at");
  const auto part = user.json({"audit", "export", "--tenant", "acme", "--from", fourth, "--output", file("trail")});
  EXPECT_EQ(part.at("records").as_int64(), 9 - part.at("after").as_int64());
  EXPECT_LE(part.at("after").as_int64(), 3);
  EXPECT_EQ(check_after("").code, 0);
  const auto before = user.json({"audit", "export", "--tenant", "acme", "--to", fourth, "--output", file("early")});
  EXPECT_LE(before.at("records").as_int64(), 3);
  EXPECT_EQ(user.run({"audit", "export", "--tenant", "acme", "--from", "yesterday", "--output", "-"}).code, 64);
}

TEST_P(Audit, AnExportCanBePiped) {
  const auto piped = user.shell("$CTL audit export --tenant acme --output - | $CTL audit verify --file -");
  EXPECT_EQ(piped.code, 0) << piped.err;
  EXPECT_THAT(piped.out, HasSubstr("8 records of acme"));
}

INSTANTIATE_TEST_SUITE_P(Stores, Audit, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace opi::command_line_test
