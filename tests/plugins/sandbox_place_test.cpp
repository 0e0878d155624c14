#include "crypto/digest.hpp"
#include "plugins/sandbox_fixture.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(Sandboxed, AProgramThatIsNotThereRefusesThePlugin) {
  auto without = options();
  without.sandbox.program = "/nonexistent/opi-plugin-host";
  host_ = lab_.load(without);
  EXPECT_THAT(host_->loaded(), IsEmpty());
  EXPECT_EQ(host_->refused().front().code, "L704");
  EXPECT_THAT(host_->refused().front().message, HasSubstr("/nonexistent/opi-plugin-host"));
}

TEST_F(Sandboxed, TheRuleSaysWhereAPluginRuns) {
  struct Digests {
    std::vector<std::string> pinned, shipped, named;
  };
  const auto where = [&](IsolationRule rule, const Digests& digests) {
    fs::remove_all(lab_.state());
    auto asked = options();
    asked.isolation = rule;
    asked.pinned_sha256 = digests.pinned;
    asked.shipped_sha256 = digests.shipped;
    asked.in_process_sha256 = digests.named;
    return lab_.load(asked)->loaded().front()->isolation();
  };
  const std::vector<std::string> own{crypto::to_hex(crypto::sha256(read_file(OPI_TEST_ROGUE)))};
  const std::vector<std::string> other{std::string(64, '0')};
  EXPECT_EQ(where(IsolationRule::automatic, {}), Isolation::process) << "root's file, and nobody vouches for it";
  EXPECT_EQ(where(IsolationRule::automatic, {own, {}, {}}), Isolation::process) << "to be loaded is not to be trusted";
  EXPECT_EQ(where(IsolationRule::automatic, {{}, other, other}), Isolation::process);
  EXPECT_EQ(where(IsolationRule::automatic, {{}, own, {}}), Isolation::in_process);
  EXPECT_EQ(where(IsolationRule::automatic, {{}, {}, own}), Isolation::in_process);
  EXPECT_EQ(where(IsolationRule::process, {{}, {}, own}), Isolation::in_process);
  EXPECT_EQ(where(IsolationRule::process, {{}, own, {}}), Isolation::process);
  EXPECT_EQ(where(IsolationRule::in_process, {}), Isolation::in_process);
}

TEST_F(Sandboxed, ASecretProviderRunsInTheDaemonOnlyIfItsDigestSaysSo) {
  fs::remove_all(lab_.plugins());
  fs::create_directory(lab_.plugins());
  lab_.add(OPI_TEST_ODD);  // an adapter that offers secrets beside
  const auto own = crypto::to_hex(crypto::sha256(read_file(OPI_TEST_ODD)));
  for (const auto rule : {IsolationRule::automatic, IsolationRule::process}) {
    auto asked = options();
    asked.isolation = rule;
    host_.reset();
    host_ = lab_.load(asked);
    ASSERT_THAT(host_->loaded(), SizeIs(1));
    EXPECT_EQ(host_->loaded().front()->isolation(), Isolation::process);
    asked.in_process_sha256 = {own};
    host_.reset();
    host_ = lab_.load(asked);
    ASSERT_THAT(host_->loaded(), SizeIs(1));
    EXPECT_EQ(host_->loaded().front()->isolation(), Isolation::in_process);
  }
}

TEST_F(Sandboxed, WithAProcessForEachTenantNothingIsHeardOfTheOther) {
  const auto heard_of_another = [&](bool per_tenant) {
    fs::remove_all(lab_.state());
    auto asked = options();
    asked.process_per_tenant = per_tenant;
    load(asked);
    event_.tenant_id = *TenantId::parse("acme");
    event_.payload = R"({"of":"acme"})";
    const auto acme = place("fine");
    event_.tenant_id = *TenantId::parse("nordlicht");
    const auto nordlicht = place("gossip");
    EXPECT_TRUE(render(acme).ok);
    return render(nordlicht).error;
  };
  EXPECT_THAT(heard_of_another(false), HasSubstr(R"(heard: {"of":"acme"};)")) << "one process serves all tenants";
  EXPECT_THAT(heard_of_another(true), HasSubstr("heard: ;"));
}

TEST_F(Sandboxed, TheProcessOfATenantEndsWithItsLastDestination) {
  auto asked = options();
  asked.process_per_tenant = true;
  load(asked);
  const auto before = children().size();
  auto one = place("fine"), two = place("fine");
  EXPECT_TRUE(render(one).ok);
  EXPECT_TRUE(render(two).ok);
  EXPECT_EQ(children().size(), before + 1) << "two destinations of one tenant";
  Catalog catalog;
  catalog.destinations[two.destination.id] = std::make_shared<const Destination>(two.destination);
  one.adapter = two.adapter = nullptr;
  registry_->keep_only(catalog);
  EXPECT_EQ(children().size(), before + 1) << "one of them is left";
  registry_->keep_only({});
  EXPECT_EQ(children().size(), before);
}

}  // namespace
}  // namespace opi::plugins::testing
