#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
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
  // What somebody with the database's own rights does to the trail.
  void tamper(const std::string& change) {
    if (std::string(GetParam()) == "SQLite") {
      std::string triggers;
      for (const char* one : {"log_no_update", "log_no_delete", "chain_heads_forward", "chain_heads_no_delete"})
        triggers += std::string("DROP TRIGGER IF EXISTS audit_") + one + "; ";
      user.shell("sqlite3 '" + file("store.sqlite") + "' \"" + triggers + change + "\"");
    } else {
      user.shell("/usr/lib/postgresql/15/bin/psql -q \"$(cat '" + file("connection") +
                 "')\" -c 'ALTER TABLE audit_log DISABLE TRIGGER USER' "
                 "-c 'ALTER TABLE audit_chain_heads DISABLE TRIGGER USER' -c \"" +
                 change + "\"");
    }
  }
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

TEST_P(Audit, AStoredTrailStillHasWhatAnEarlierExportHas) {
  const auto made = user.json({"audit", "export", "--tenant", "acme", "--output", file("trail")});
  (void)site.token("auditor");
  const std::vector<std::string> compare{"audit", "verify", "--tenant", "acme", "--against", file("trail")};
  const auto same = user.run(compare);
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("holds: 10 records, and has all that " + file("trail") + " has"));
  EXPECT_THAT(same.err, testing::IsEmpty()) << "the key is the node's own";
  // The same tenant with another history: as if this one had been rewritten.
  system_test::Site other(nullptr);
  other.provision("/healthy");
  const auto elsewhere = Operator(other).json({"audit", "export", "--tenant", "acme", "--output", file("other")});
  const auto against_other = [&](const std::string& key) {
    return user.run({"audit", "verify", "--tenant", "acme", "--against", file("other"), "--public-key", key});
  };
  EXPECT_EQ(against_other(text(elsewhere, "public_key")).code, 1);
  EXPECT_THAT(against_other(text(elsewhere, "public_key")).err, HasSubstr("record 1 is another one in the store"));
  EXPECT_THAT(against_other(text(made, "public_key")).err, HasSubstr("signed with another key"));
  EXPECT_THAT(user.run({"audit", "verify", "--tenant", "_system", "--against", file("trail")}).err,
              HasSubstr("it is an export of acme"));
  EXPECT_EQ(user.run({"audit", "verify", "--file", file("trail"), "--against", file("other")}).code, 64);
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "acme", "--against", "/nowhere"}).code, 66);
  EXPECT_FALSE(user.shell("$CTL audit verify --json --tenant acme --against '" + file("other") + "'")
                   .json()
                   .at("holds")
                   .as_bool());
}

TEST_P(Audit, ATrailThatIsShorterThanItsExportIsNoticed) {
  if (std::string(GetParam()) != "SQLite") GTEST_SKIP() << "its database is not a file to put back";
  const auto store = file("store.sqlite");
  user.shell("sqlite3 '" + store + "' '.backup " + file("earlier") + "'");
  (void)site.token("auditor");
  user.json({"audit", "export", "--tenant", "acme", "--output", file("trail")});
  user.shell("rm '" + store + "'*; mv '" + file("earlier") + "' '" + store + "'");
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "acme"}).code, 0);
  const auto compared = user.run({"audit", "verify", "--tenant", "acme", "--against", file("trail")});
  EXPECT_EQ(compared.code, 1);
  EXPECT_THAT(compared.err, HasSubstr("record 9 of the export is missing in the store"));
}

TEST_P(Audit, ABrokenTrailIsNotExported) {
  const std::string digest = std::string(64, '0');
  const std::string junk = "INSERT INTO audit_log VALUES ('acme', 9, ";
  if (std::string(GetParam()) == "SQLite")
    user.shell("sqlite3 '" + file("store.sqlite") + "' \"" + junk +
               "0, 'system', '', '', 'tenant.changed', '', '', '', x'" + digest + "', x'" + digest + "')\"");
  else
    user.shell("/usr/lib/postgresql/15/bin/psql -q \"$(cat '" + file("connection") + "')\" -c \"" + junk +
               "now(), 'system', '', '', 'tenant.changed', '', '', '', '\\\\x" + digest + "', '\\\\x" + digest +
               "')\"");
  const auto refused = user.run({"audit", "export", "--tenant", "acme", "--output", file("trail")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("record 9 lies beyond the chain's head, which is 8"));
  EXPECT_FALSE(std::filesystem::exists(file("trail"))) << "half an export";
}

TEST_P(Audit, ATrailThatIsBrokenBeforeTheExportsBeginIsNotExported) {
  const auto fifth = text(user.json({"audit", "show", "5", "--tenant", "acme"}), "at");
  tamper("UPDATE audit_log SET actor_id = 'nobody' WHERE tenant_id = 'acme' AND sequence = 1");
  const auto refused = user.run({"audit", "export", "--tenant", "acme", "--from", fifth, "--output", file("trail")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("record 1 was changed"));
  EXPECT_FALSE(std::filesystem::exists(file("trail"))) << "half an export";
}

TEST_P(Audit, AnEmptyTrailOfTheInstallationIsAFault) {
  EXPECT_EQ(user.run({"tokens", "issue", "--role", "system_admin"}).code, 0);
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "_system"}).code, 0);
  tamper(
      "DELETE FROM audit_log WHERE tenant_id = '_system'; DELETE FROM audit_chain_heads WHERE tenant_id = '_system'");
  const auto verified = user.run({"audit", "verify", "--tenant", "_system"});
  EXPECT_EQ(verified.code, 1);
  EXPECT_THAT(verified.err, HasSubstr("the trail is empty, and the installation has tokens"));
}

TEST_P(Audit, ATrailThatWasCutBackWhileNoDaemonRanIsToldOf) {
  site.set("audit.signing_key_file", file("fleet.pem"));
  user.shell("umask 077; openssl genpkey -algorithm ed25519 -out '" + file("fleet.pem") + "'");
  site.set("audit.checkpoint_interval_ms", "1000");
  {
    system_test::RunningDaemon daemon(site, "control");  // whose witness the command line finds
    ASSERT_TRUE(system_test::eventually([&] {
      return user.json({"audit", "verify", "--tenant", "acme"}).at("signed_sequence").as_int64() == 8;
    }));
  }
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "acme"}).code, 0);
  // What is left is whole in itself, and has no checkpoint.
  tamper(
      "DELETE FROM audit_log WHERE tenant_id = 'acme' AND sequence > 3; UPDATE audit_chain_heads SET sequence = 3, "
      "hash = (SELECT hash FROM audit_log WHERE tenant_id = 'acme' AND sequence = 3) WHERE tenant_id = 'acme'");
  const auto verified = user.run({"audit", "verify", "--tenant", "acme"});
  EXPECT_EQ(verified.code, 1);
  EXPECT_THAT(verified.err, HasSubstr("record 8 is missing: the daemon read it before"));
  system_test::RunningDaemon daemon(site, "control");
  EXPECT_TRUE(system_test::eventually(
      [&] { return daemon.log().find("record 8 is missing: the daemon read it before") != std::string::npos; }));
  EXPECT_EQ(user.json({"audit", "list", "--tenant", "acme"}).at("records").as_array().size(), 3u)
      << "nothing was signed";
}

TEST_P(Audit, TrustedKeysCountWithoutTheNodesOwn) {
  user.shell("umask 077; openssl genpkey -algorithm ed25519 -out '" + file("fleet.pem") + "'");
  site.set("audit.signing_key_file", file("fleet.pem"));
  site.set("audit.checkpoint_interval_ms", "1000");
  {
    system_test::RunningDaemon daemon(site);
    ASSERT_TRUE(system_test::eventually([&] {
      return user.json({"audit", "verify", "--tenant", "acme"}).at("signed_sequence").as_int64() == 8;
    }));
  }
  const auto key = user.shell("openssl pkey -in '" + file("fleet.pem") +
                              "' -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \\n'")
                       .out;
  // As for an auditor, who has no private key.
  site.set("audit.signing_key_file", file("none.pem"));
  site.set("audit.trusted_keys", std::string(64, 'a'));
  const auto other = user.run({"audit", "verify", "--tenant", "acme"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("record 9 is a checkpoint of a key that is not trusted"));
  EXPECT_THAT(other.err, HasSubstr("only the signatures of audit.trusted_keys count: "));
  site.set("audit.trusted_keys", key);
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "acme"}).code, 0);
}

TEST_P(Audit, ADaemonSignsTheTrailWithTheNamedKey) {
  site.set("audit.signing_key_file", file("fleet.pem"));
  const auto without = user.run({"audit", "export", "--tenant", "acme", "--output", file("trail")});
  EXPECT_EQ(without.code, 78) << "a key that is named is the same everywhere, and is not made";
  EXPECT_THAT(without.err, HasSubstr("is not there"));
  EXPECT_FALSE(std::filesystem::exists(file("fleet.pem")));
  user.shell("umask 077; openssl genpkey -algorithm ed25519 -out '" + file("fleet.pem") + "'");
  site.set("audit.checkpoint_interval_ms", "1000");
  {
    system_test::RunningDaemon daemon(site);
    const auto verified = [&] { return user.json({"audit", "verify", "--tenant", "acme"}); };
    ASSERT_TRUE(system_test::eventually([&] { return verified().at("signed_sequence").as_int64() == 8; }));
    EXPECT_TRUE(verified().at("trusted").as_bool());
    const auto record =
        user.json({"audit", "list", "--tenant", "acme", "--action", "audit.checkpoint"}).at("records").at(0);
    EXPECT_EQ(record.at("details").at("sequence").as_int64(), 8);
  }
  EXPECT_THAT(user.run({"audit", "verify", "--tenant", "acme"}).out, HasSubstr("holds: 9 records, signed up to 8"));
  EXPECT_THAT(user.run({"audit", "verify", "--tenant", "acme", "--public-key", std::string(64, 'a')}).err,
              HasSubstr("record 9 is a checkpoint of a key that is not trusted"));
  // The key is changed, and the former one still counts.
  const auto former = user.shell("openssl pkey -in '" + file("fleet.pem") +
                                 "' -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \\n'")
                          .out;
  user.shell("umask 077; openssl genpkey -algorithm ed25519 -out '" + file("fleet.pem") + "'");
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "acme"}).code, 1);
  site.set("audit.trusted_keys", former);
  EXPECT_EQ(user.run({"audit", "verify", "--tenant", "acme"}).code, 0);
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
