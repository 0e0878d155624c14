#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/provider_lab.hpp"

namespace opi::plugins::testing {
namespace {

using secrets::InvalidReference;
using secrets::ResolveStatus;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class Provider : public ProviderTest {
 protected:
  void start(const fs::path& plugin, const std::string& id, const std::string& config) {
    lab_.add(plugin);
    configs_[id] = config;
    ProviderTest::start(lab_.options());
    const auto all = set_.all();
    if (!all.empty()) provider_ = all.front();
  }

  std::shared_ptr<secrets::SecretProvider> provider_;
};

class OddProvider : public Provider {
 protected:
  OddProvider() { start(OPI_TEST_ODD, "odd_secrets", "{}"); }
};

TEST_F(OddProvider, GivesValuesThroughTheHostsMemory) {
  const auto found = resolve("odd://fine/key");
  EXPECT_EQ(found.status, ResolveStatus::ok);
  ASSERT_THAT(found.values, SizeIs(1));
  EXPECT_EQ(text(found.values[0]), "value");
  EXPECT_EQ(found.version, "7");
  EXPECT_EQ(found.ttl, std::chrono::minutes{1});
  EXPECT_EQ(resolve("odd://absent/key").values, (std::vector<std::shared_ptr<const secrets::Secret>>{nullptr}));
  EXPECT_EQ(resolve("odd://same/key").status, ResolveStatus::not_modified);
  EXPECT_EQ(resolve("odd://twice/key").status, ResolveStatus::ok);
}

TEST_F(OddProvider, MisbehaviourIsAFailureWithoutValues) {
  const std::map<std::string, ResolveStatus> expected{
      {"silent", ResolveStatus::unavailable},     {"throw", ResolveStatus::unavailable},
      {"status", ResolveStatus::unavailable},     {"uncommitted", ResolveStatus::unavailable},
      {"incomplete", ResolveStatus::unavailable}, {"empty", ResolveStatus::invalid},
      {"too-large", ResolveStatus::invalid},      {"other-key", ResolveStatus::not_found},
      {"denied", ResolveStatus::denied},          {"commit-then-fail", ResolveStatus::denied}};
  for (const auto& [mood, status] : expected) {
    const auto found = resolve("odd://" + mood + "/key");
    EXPECT_EQ(found.status, status) << mood;
    EXPECT_THAT(found.values, IsEmpty()) << mood;
    EXPECT_FALSE(found.failure.empty()) << mood;
  }
  EXPECT_EQ(resolve("odd://status/key").failure, "the vault is sealed");
  EXPECT_THAT(resolve("odd://denied/key").failure, Not(HasSubstr("hunter22")));
  EXPECT_EQ(provider_->resolve({{}, {}, tenant_, {}, {}}).status, ResolveStatus::invalid) << "no keys";
}

TEST_F(OddProvider, ReferencesAreJudgedByTheTemplateAndThenByThePlugin) {
  EXPECT_THAT([&] { provider_->parse("odd://only-one", tenant_); },
              ThrowsMessage<InvalidReference>(HasSubstr("must have 2 segments")));
  EXPECT_THAT([&] { provider_->parse("odd://unwelcome/key", tenant_); },
              ThrowsMessage<InvalidReference>(HasSubstr("refuses the reference")));
}

class LocalProvider : public Provider {
 protected:
  LocalProvider() {
    fs::create_directories(directory() / "acme/webhook/signing");
    write("acme/webhook/signing/1", "whsec_abc\n");
    start(OPI_TEST_SECRETS_LOCAL, "local", R"({"directory":")" + directory().string() + R"("})");
  }
  fs::path directory() const { return lab_.root() / "secrets"; }
  void write(const std::string& name, std::string_view value,
             fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) {
    std::ofstream(directory() / name, std::ios::binary) << value;
    fs::permissions(directory() / name, mode);
  }
  secrets::ResolveResult signing(const std::string& version) {
    return resolve("local://acme/webhook/signing/" + version);
  }
};

TEST_F(LocalProvider, ReadsTheFileWithoutItsLastNewline) {
  const auto found = signing("1");
  ASSERT_EQ(found.status, ResolveStatus::ok) << found.failure;
  EXPECT_EQ(text(found.values[0]), "whsec_abc");
  write("acme/webhook/signing/2", "two\n\n");
  EXPECT_EQ(text(signing("2").values.at(0)), "two\n");
}

TEST_F(LocalProvider, TellsAnUnchangedFileFromAWrittenOne) {
  const auto first = signing("1");
  EXPECT_EQ(resolve("local://acme/webhook/signing/1", {}, first.version).status, ResolveStatus::not_modified);
  write("acme/webhook/signing/new", "whsec_xyz");
  fs::rename(directory() / "acme/webhook/signing/new", directory() / "acme/webhook/signing/1");
  const auto second = resolve("local://acme/webhook/signing/1", {}, first.version);
  ASSERT_EQ(second.status, ResolveStatus::ok);
  EXPECT_NE(second.version, first.version);
}

TEST_F(LocalProvider, AnswersSeveralKeysAndSaysWhichAreAbsent) {
  fs::create_directories(directory() / "acme/webhook/other");
  write("acme/webhook/other/1", "o");
  const auto found = resolve("local://acme/webhook/signing/1", {"signing", "missing", "other"});
  ASSERT_EQ(found.status, ResolveStatus::ok);
  EXPECT_EQ(text(found.values[0]) + "," + text(found.values[1]) + "," + text(found.values[2]), "whsec_abc,(absent),o");
  EXPECT_EQ(signing("9").status, ResolveStatus::not_found);
}

TEST_F(LocalProvider, RefusesFilesThatAreOpenToOthers) {
  for (const auto perm :
       {fs::perms::others_read, fs::perms::others_write, fs::perms::others_exec, fs::perms::group_write}) {
    write("acme/webhook/signing/3", "x", fs::perms::owner_read | perm);
    const auto found = signing("3");
    EXPECT_EQ(found.status, ResolveStatus::denied);
    EXPECT_THAT(found.failure, HasSubstr("chmod 600"));
    fs::remove(directory() / "acme/webhook/signing/3");
  }
  write("acme/webhook/signing/3", "x", fs::perms::owner_read | fs::perms::group_read);
  EXPECT_EQ(signing("3").status, ResolveStatus::ok) << "its group may read it";
  fs::permissions(directory() / "acme/webhook", fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(signing("1").status, ResolveStatus::denied) << "a directory that others may write";
}

TEST_F(LocalProvider, FollowsNoSymbolicLinkBelowItsDirectory) {
  fs::create_symlink(directory() / "acme/webhook/signing/1", directory() / "acme/webhook/signing/link");
  EXPECT_EQ(signing("link").status, ResolveStatus::denied);
  fs::create_directory_symlink(directory() / "acme/webhook/signing", directory() / "acme/webhook/linked");
  EXPECT_EQ(resolve("local://acme/webhook/linked/1").status, ResolveStatus::denied);
}

TEST_F(LocalProvider, ReadsNothingButRegularFilesOfABoundedSize) {
  ASSERT_EQ(::mkfifo((directory() / "acme/webhook/signing/fifo").c_str(), 0600), 0);
  EXPECT_EQ(signing("fifo").status, ResolveStatus::denied);
  fs::create_directory(directory() / "acme/webhook/signing/folder");
  EXPECT_NE(signing("folder").status, ResolveStatus::ok);
  write("acme/webhook/signing/empty", "\n");
  EXPECT_EQ(signing("empty").status, ResolveStatus::invalid);
  write("acme/webhook/signing/largest", std::string(64 * 1024, 'x') + "\n");
  EXPECT_EQ(signing("largest").status, ResolveStatus::ok);
  write("acme/webhook/signing/too_large", std::string(64 * 1024 + 1, 'x'));
  EXPECT_EQ(signing("too_large").status, ResolveStatus::invalid);
}

TEST_F(LocalProvider, KeepsTenantsApartAndPathsInside) {
  const auto refused = [&](const std::string& reference, const char* why) {
    EXPECT_THAT([&] { provider_->parse(reference, tenant_); }, ThrowsMessage<InvalidReference>(HasSubstr(why)))
        << reference;
  };
  refused("local://globex/webhook/signing/1", "belongs to another tenant");
  refused("local://acme/../signing/1", "malformed {purpose}");
  refused("local://acme/webhook/%2e%2e/1", "malformed {key}");
  refused("local://acme/web%2fhook/signing/1", "malformed {purpose}");
  refused("local://acme/webhook/signing/%00", "malformed {version}");
  refused("local://acme/webhook/signing/", "malformed {version}");
  refused("local://acme/webhook/signing/1/2", "must have 4 segments");
  refused("local:///webhook/signing/1", "malformed {tenant}");
  refused("k8s://acme/webhook/signing/1", "does not start with local://");
}

TEST_F(LocalProvider, RefusesAForeignOwnersFile) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown((directory() / "acme/webhook/signing/1").c_str(), 65534, 65534), 0);
  EXPECT_EQ(signing("1").status, ResolveStatus::denied);
}

TEST(LocalProviderFile, IsRefusedInProduction) {
  PluginLab lab;
  const auto file = lab.add(OPI_TEST_SECRETS_LOCAL);
  EXPECT_THAT(verdicts(*lab.load(lab.options("production")), file), ElementsAre("init L701"));
  for (const auto* const environment : {"local", "dev", "test"})
    EXPECT_THAT(verdicts(*lab.load(lab.options(environment)), file), IsEmpty());
}

using LocalProviderPlugin = ProviderTest;

TEST_F(LocalProviderPlugin, WithoutASectionIsNotConfiguredAndAWrongOneIsARefusalThatNamesTheField) {
  const auto file = lab_.add(OPI_TEST_SECRETS_LOCAL);
  start(lab_.options());
  EXPECT_THAT(verdicts(*host_, file), IsEmpty()) << "it waits for somebody who wants it";
  EXPECT_THAT(set_.all(), IsEmpty());
  configs_["local"] = "{}";
  EXPECT_THAT(reload().refused, SizeIs(1));
  EXPECT_THAT(verdicts(*host_, file), ElementsAre("init L703"));
  EXPECT_THAT(host_->refused().front().message, HasSubstr("/directory is required"));
  configs_["local"] = R"({"directory":"relative"})";
  EXPECT_THAT(reload().refused, SizeIs(1));
  EXPECT_THAT(set_.all(), IsEmpty());
  configs_["local"] = R"({"directory":"/etc"})";
  EXPECT_THAT(reload().refused, IsEmpty());
  EXPECT_THAT(set_.all(), SizeIs(1));
  configs_.erase("local");
  EXPECT_THAT(reload().refused, IsEmpty());
  EXPECT_THAT(set_.all(), IsEmpty()) << "its section is gone, and so is it";
}

}  // namespace
}  // namespace opi::plugins::testing
