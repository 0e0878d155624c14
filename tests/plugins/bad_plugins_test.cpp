#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>

#include "plugins/elf_file.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

fs::path bad(const std::string& name) { return fs::path(OPI_TEST_BAD_DIR) / (name + ".so"); }

std::vector<std::string> loaded_ids(const PluginHost& host) {
  std::vector<std::string> ids;
  for (const auto& plugin : host.loaded()) ids.push_back(plugin->manifest().id);
  return ids;
}

TEST(BadPlugins, EachIsRefusedByNameWhileTheGoodOnesLoad) {
  const std::map<std::string, std::vector<std::string>> expected{
      {"other_major", {"inspect L301"}},
      {"newer_minor", {"inspect L304"}},
      {"no_manifest", {"inspect L203"}},
      {"no_entry", {"inspect L205", "inspect L206"}},
      {"two_exports", {"inspect L206"}},
      {"executable_stack", {"inspect L207"}},
      {"table_of_other_major", {"probe L301"}},
      {"needs_newer_host", {"probe L304"}},
      {"short_table", {"probe L303"}},
      {"unknown_flags", {"probe L306"}},
      {"null_init", {"probe L305"}},
      {"null_render", {"probe L305"}},
      {"short_adapter", {"probe L303"}},
      {"missing_interface", {"probe L307"}},
      {"undefined_symbol", {"probe L602"}},
      {"crashes_in_init", {"probe L502"}},
      {"crashes_when_opened", {"probe L502"}},
      {"crashes_at_exit", {"probe L502"}},
      {"exits_in_init", {"probe L502"}},
      {"fails_in_init", {"probe L702"}},
      {"refuses_the_offer", {"probe L302"}},
      {"throws_in_init", {"probe L504"}},
  };
  PluginLab lab;
  for (const auto& [name, codes] : expected) lab.add(bad(name));
  lab.add(bad("good"));
  lab.add(bad("leaves_a_child_behind"));
  lab.add(OPI_TEST_WEBHOOK);
  const auto host = lab.load();
  for (const auto& [name, codes] : expected) EXPECT_EQ(verdicts(*host, lab.plugins() / (name + ".so")), codes) << name;
  EXPECT_THAT(loaded_ids(*host), ElementsAre("test.good", "test.leaves_a_child_behind", "oneprotect.webhook"));
  for (const auto& refusal : host->refused()) {
    EXPECT_FALSE(refusal.message.empty()) << refusal.code;
    EXPECT_FALSE(refusal.remedy.empty()) << refusal.code;
    EXPECT_THAT(lab.logger().text(), HasSubstr("file=" + refusal.file + " stage=" +
                                               std::string(to_string(refusal.stage)) + " code=" + refusal.code));
  }
}

TEST(BadPlugins, MessagesSayWhatIsWrong) {
  PluginLab lab;
  for (const auto* const name : {"newer_minor", "fails_in_init", "refuses_the_offer", "null_render", "crashes_in_init",
                                 "undefined_symbol", "throws_in_init"})
    lab.add(bad(name));
  const auto host = lab.load();
  std::string messages;
  for (const auto& refusal : host->refused()) messages += refusal.message + "\n";
  EXPECT_THAT(messages, HasSubstr("plugin needs ABI 1.9, this host offers 1.1"));
  EXPECT_THAT(messages, HasSubstr("the moon is in the wrong phase"));
  EXPECT_THAT(messages, HasSubstr("not on a Monday"));
  EXPECT_THAT(messages, HasSubstr("component \"null_render\": opi.adapter.http/1 has no render()"));
  EXPECT_THAT(messages, HasSubstr("died of signal 11 (Segmentation fault) during init"));
  EXPECT_THAT(messages, HasSubstr("nowhere_to_be_found"));
  EXPECT_THAT(messages, HasSubstr("out of luck"));
}

TEST(BadPlugins, AnInvalidManifestIsRefusedWithAllItsFaultsAtOnce) {
  PluginLab lab;
  const auto file = lab.add(bad("invalid_manifest"));
  const auto host = lab.load();
  std::string messages;
  for (const auto& refusal : host->refused()) {
    EXPECT_EQ(refusal.code, "L204");
    EXPECT_EQ(refusal.stage, Stage::inspect);
    messages += refusal.message + "\n";
  }
  for (const auto* const path : {"/id:", "/vendor: is required", "/surprise: is not a known field",
                                 "/components/0/interfaces:", "/components/0/config_schema/properties/a/pattern:"})
    EXPECT_THAT(messages, HasSubstr(path));
}

TEST(BadPlugins, AHangInTheProbeIsCutOff) {
  PluginLab lab;
  const auto file = lab.add(bad("hangs_in_init"));
  lab.add(bad("good"));
  auto options = lab.options();
  options.probe.deadline = std::chrono::milliseconds{1'000};
  const auto host = lab.load(options);
  EXPECT_THAT(verdicts(*host, file), ElementsAre("probe L503"));
  EXPECT_THAT(loaded_ids(*host), ElementsAre("test.good"));
}

TEST(BadPlugins, WhatIsNoPluginFileIsRefused) {
  PluginLab lab;
  const auto text = lab.add_bytes("text.so", "this is no library\n");
  const auto program = lab.add(OPI_TEST_PROBE, "program.so");
  const auto empty = lab.add_bytes("empty.so", "");
  const auto truncated = lab.add_bytes("truncated.so", read_file(bad("good")).substr(0, 6'000));
  const auto good = read_file(bad("good"));
  const auto header_only = lab.add_bytes("header_only.so", good.substr(0, 64));
  const auto folder = lab.plugins() / "folder.so";
  fs::create_directory(folder);
  const auto fifo = lab.plugins() / "fifo.so";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  lab.add_bytes("readme.txt", "not a plugin, and not named like one");
  const auto host = lab.load();
  EXPECT_THAT(verdicts(*host, text), ElementsAre("inspect L201"));
  EXPECT_THAT(verdicts(*host, program), Contains(HasSubstr("inspect L20")));
  EXPECT_THAT(verdicts(*host, empty), ElementsAre("discover L106"));
  EXPECT_THAT(verdicts(*host, truncated), ElementsAre("inspect L202"));
  EXPECT_THAT(verdicts(*host, header_only), ElementsAre("inspect L202"));
  EXPECT_THAT(verdicts(*host, folder), ElementsAre("discover L103"));
  EXPECT_THAT(verdicts(*host, fifo), ElementsAre("discover L103"));
  EXPECT_THAT(host->loaded(), IsEmpty());
}

TEST(BadPlugins, FilesThatOthersCouldReplaceAreRefused) {
  PluginLab lab;
  const auto target = fs::path(lab.root() / "elsewhere.so");
  fs::copy_file(bad("good"), target);
  const auto link = lab.plugins() / "link.so";
  fs::create_symlink(target, link);
  const auto group = lab.add(bad("good"), "group.so");
  fs::permissions(group, fs::perms::group_write, fs::perm_options::add);
  const auto world = lab.add(bad("good"), "world.so");
  fs::permissions(world, fs::perms::others_write, fs::perm_options::add);
  const auto host = lab.load();
  EXPECT_THAT(verdicts(*host, link), ElementsAre("discover L102"));
  EXPECT_THAT(verdicts(*host, group), ElementsAre("discover L104"));
  EXPECT_THAT(verdicts(*host, world), ElementsAre("discover L104"));
}

TEST(BadPlugins, AForeignOwnersFileIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  PluginLab lab;
  const auto file = lab.add(bad("good"));
  ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
  EXPECT_THAT(verdicts(*lab.load(), file), ElementsAre("discover L105"));
}

TEST(BadPlugins, AnUnusableDirectoryIsOneRefusalAndNoMore) {
  PluginLab lab;
  auto options = lab.options();
  options.directory = "plugins";
  EXPECT_THAT(verdicts(*lab.load(options), "plugins"), ElementsAre("discover L101"));
  options.directory = lab.root() / "missing";
  EXPECT_THAT(verdicts(*lab.load(options), options.directory), ElementsAre("discover L101"));
  fs::permissions(lab.plugins(), fs::perms::all);
  EXPECT_THAT(verdicts(*lab.load(), lab.plugins()), ElementsAre("discover L101"));
}

TEST(BadPlugins, ASecondCopyIsRefused) {
  PluginLab lab;
  const auto first = lab.add(bad("good"), "a.so");
  const auto second = lab.add(bad("good"), "b.so");
  const auto host = lab.load();
  EXPECT_THAT(verdicts(*host, first), IsEmpty());
  EXPECT_THAT(verdicts(*host, second), ElementsAre("inspect L208"));
}

TEST(BadPlugins, OnlyPinnedFilesAreTrustedIfThereAreAny) {
  PluginLab lab;
  const auto good = lab.add(bad("good"));
  const auto webhook = lab.add(OPI_TEST_WEBHOOK);
  auto options = lab.options();
  options.pinned_sha256 = {crypto::to_hex(crypto::sha256(read_file(OPI_TEST_WEBHOOK)))};
  const auto host = lab.load(options);
  EXPECT_THAT(verdicts(*host, good), ElementsAre("trust L401"));
  EXPECT_THAT(loaded_ids(*host), ElementsAre("oneprotect.webhook"));
}

TEST(BadPlugins, AMissingProbeRefusesEverythingButStopsNothing) {
  PluginLab lab;
  const auto good = lab.add(bad("good"));
  auto options = lab.options();
  options.probe.program = lab.root() / "no-such-program";
  EXPECT_THAT(verdicts(*lab.load(options), good), ElementsAre("probe L501"));
}

TEST(BadPlugins, WhatIsLoadedIsACopyThatOthersCannotReach) {
  PluginLab lab;
  lab.add(bad("good"));
  const auto host = lab.load();
  ASSERT_EQ(host->loaded().size(), 1u);
  const auto image = lab.state() / "plugins" / (host->loaded().front()->sha256() + ".so");
  EXPECT_EQ(read_file(image), read_file(bad("good")));
  EXPECT_EQ(fs::status(lab.state() / "plugins").permissions(), fs::perms::owner_all);
}

std::string damaged(std::string bytes, std::mt19937& random) {
  // Half of the flips near the start, where the tables are.
  for (unsigned flips = 1 + random() % 8; flips > 0; --flips) {
    const auto range = random() % 2 == 0 ? std::min<std::size_t>(bytes.size(), 0x1400) : bytes.size();
    bytes[random() % range] ^= static_cast<char>(1 + random() % 255);
  }
  return bytes;
}

constexpr unsigned seed = 20'261'123;

// In a child of its own: whatever gets loaded stays for the life of the process. 0: it lived through all of them.
int load_damaged_copies() try {
  const auto original = read_file(fs::path(OPI_TEST_BAD_DIR) / "sealed.so.good");
  std::mt19937 random(seed);
  PluginLab lab;
  int loaded = 0, refused = 0;
  for (int i = 0; i < 400; ++i) {
    lab.add_bytes("damaged.so",
                  i % 4 == 0 ? original.substr(0, random() % original.size()) : damaged(original, random));
    const auto host = lab.load();
    (host->loaded().empty() ? refused : loaded) += 1;
  }
  std::fprintf(stderr, "of 400 damaged copies, %d were refused and %d loaded\n", refused, loaded);
  return refused > 300 ? 0 : 1;  // a copy that lost nothing but its seal and symbols may load
} catch (const std::exception& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  return 2;
}

// dlopen is no validator: the loader must outlive copies that it would kill.
TEST(DamagedPlugins, AreSurvivedByTheLoader) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(load_damaged_copies());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "the loader died of signal " << WTERMSIG(status) << "; seed " << seed;
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Without a seal the probe has to find out; it must come to a verdict on each, and must see some die.
TEST(DamagedPlugins, WithoutASealAreCaughtByTheProbe) {
  const auto original = read_file(bad("good"));
  std::mt19937 random(seed);
  PluginLab lab;
  const Probe probe({OPI_TEST_PROBE, std::chrono::milliseconds{1'000}}, "test", OPI_ABI_MINOR);
  int passed_static_checks = 0, caught = 0;
  for (int i = 0; i < 300; ++i) {
    const auto bytes = damaged(original, random);
    std::vector<std::string> problems;
    Manifest manifest;
    try {
      const auto facts = read_elf(bytes);
      if (facts.manifests.size() != 1) continue;
      manifest = parse_manifest(facts.manifests.front(), problems);
    } catch (const std::runtime_error&) {
      continue;
    }
    if (!problems.empty()) continue;
    ++passed_static_checks;
    const auto file = lab.add_bytes("damaged.so", bytes);
    if (!probe.run(file, file, manifest).empty()) ++caught;
  }
  std::fprintf(stderr, "%d of 300 unsealed damaged copies passed the static checks, %d of those failed in the probe\n",
               passed_static_checks, caught);
  EXPECT_GT(passed_static_checks, 30);
  EXPECT_GT(caught, 10);
}

}  // namespace
}  // namespace opi::plugins::testing
