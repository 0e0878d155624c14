#include "administration/catalog_editor.hpp"

#include <deque>

#include "administration/broker_credential_check.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::administration {
namespace {

using namespace std::chrono_literals;
using delivery::WriteResult;

// A store in which something happens just before each write of a destination.
class InterferingStore final : public delivery::CatalogStore {
 public:
  explicit InterferingStore(delivery::CatalogStore& store) : store_(store) {}
  std::int64_t revision() override { return store_.revision(); }
  Catalog load() override { return store_.load(); }
  WriteResult write_tenant(const Tenant& tenant, const delivery::Expectation& expected,
                           const audit::Entry& entry) override {
    return store_.write_tenant(tenant, expected, entry);
  }
  WriteResult write_destination(const Destination& destination, const delivery::Expectation& expected,
                                const audit::Entry& entry) override {
    ++writes;
    if (before_write) before_write();
    if (lost_before_commit) throw CommitInDoubt("lost");
    const auto written = store_.write_destination(destination, expected, entry);
    if (lost_after_commit) throw CommitInDoubt("lost");
    return written;
  }
  WriteResult delete_destination(const TenantId& tenant, const DestinationId& destination,
                                 const delivery::Expectation& expected, const audit::Entry& entry) override {
    if (lost_before_commit) throw CommitInDoubt("lost");
    const auto written = store_.delete_destination(tenant, destination, expected, entry);
    if (lost_after_commit) throw CommitInDoubt("lost");
    return written;
  }
  std::vector<delivery::SecretReceiver> secret_receivers(
      std::string_view scheme, const std::optional<delivery::SecretReceiver>& after) override {
    return store_.secret_receivers(scheme, after);
  }
  bool disable_destination(const TenantId& tenant, const DestinationId& destination, const std::string& reason,
                           const audit::Entry& entry) override {
    return store_.disable_destination(tenant, destination, reason, entry);
  }
  std::function<void()> before_write;
  int writes = 0;
  bool lost_before_commit = false, lost_after_commit = false;

 private:
  delivery::CatalogStore& store_;
};

class Editor : public test::WithEngine {
 protected:
  Editor() { cache.refresh(); }
  // Somebody else gives the destination another name.
  void rename_behind_our_back() {
    auto other = *stored_destination(1);
    other.name = "theirs " + std::to_string(++renamed_);
    put(other);
  }
  DestinationChange set_limit(CatalogEditor::Seen seen) {
    return editor.edit(acme, test::destination_id(1), seen, actor, audit::Action::destination_changed,
                       [](Destination& wanted, const Catalog&) {
                         wanted.max_in_flight = 5;
                         return CatalogEditor::Edit{};
                       });
  }

  const TenantId acme = *TenantId::parse("acme");
  const Actor actor{audit::ActorKind::user, "j.müller", "tenant_admin"};
  InterferingStore interfering{catalog_store};
  delivery::CatalogCache cache{interfering, {}};
  CatalogEditor editor{interfering, cache, clock};

 private:
  int renamed_ = 0;
};

TEST_F(Editor, AnEditIsMadeAgainOnWhatSomebodyElseWrote) {
  interfering.before_write = [&] {
    if (interfering.writes == 1) rename_behind_our_back();
  };
  const auto change = set_limit(std::nullopt);
  ASSERT_EQ(change.status, ChangeStatus::done);
  EXPECT_EQ(interfering.writes, 2);
  EXPECT_EQ(change.content->name, "theirs 1") << "nobody's change is lost";
  EXPECT_EQ(change.content->max_in_flight, 5);
  EXPECT_EQ(cache.current()->destinations.at(test::destination_id(1))->max_in_flight, 5) << "read your writes";
}

TEST_F(Editor, AnEditOfANamedRevisionIsNotMadeAgain) {
  interfering.before_write = [&] { rename_behind_our_back(); };
  EXPECT_EQ(set_limit(stored_destination(1)->revision).status, ChangeStatus::stale);
  EXPECT_EQ(interfering.writes, 1);
  EXPECT_EQ(stored_destination(1)->max_in_flight, 16);
}

TEST_F(Editor, GivesUpWhereOthersAreAlwaysFaster) {
  interfering.before_write = [&] { rename_behind_our_back(); };
  EXPECT_THROW(set_limit(std::nullopt), StoreUnavailable);
}

TEST_F(Editor, ADestinationThatIsDeletedMeanwhileIsMissing) {
  interfering.before_write = [&] {
    interfering.delete_destination(acme, test::destination_id(1), delivery::Expectation::present(),
                                   test::catalog_entry("acme", audit::Action::destination_deleted, "x"));
  };
  EXPECT_EQ(set_limit(std::nullopt).status, ChangeStatus::missing);
}

TEST_F(Editor, ALostAnswerIsResolvedByReadingBack) {
  interfering.lost_after_commit = true;
  const auto change = set_limit(std::nullopt);
  ASSERT_EQ(change.status, ChangeStatus::done);
  EXPECT_EQ(change.content->max_in_flight, 5);
  auto fresh = test::destination(7);
  EXPECT_EQ(editor.create(fresh, actor, {}).status, ChangeStatus::done);
  EXPECT_EQ(editor.remove(acme, fresh.id, std::nullopt, actor).status, ChangeStatus::done);
  EXPECT_FALSE(cache.current()->destinations.contains(fresh.id));
}

TEST_F(Editor, ALostChangeIsToldAsNotMade) {
  interfering.lost_before_commit = true;
  EXPECT_THROW(set_limit(std::nullopt), StoreUnavailable);
  EXPECT_THROW(editor.create(test::destination(7), actor, {}), StoreUnavailable);
  EXPECT_THROW(editor.remove(acme, test::destination_id(1), std::nullopt, actor), StoreUnavailable);
  EXPECT_EQ(interfering.writes, 2);
  EXPECT_EQ(stored_destination(1)->max_in_flight, 16);
}

TEST_F(Editor, TheActorIsOnRecord) {
  set_limit(std::nullopt);
  const auto entry = audit_log.read(acme, 0, 100).back().entry;
  EXPECT_EQ(entry.actor_kind, audit::ActorKind::user);
  EXPECT_EQ(entry.actor_id, "j.müller");
  EXPECT_EQ(entry.actor_role, "tenant_admin");
  EXPECT_EQ(entry.target, "destination:" + test::destination_id(1).to_string());
}

// Secrets whose jobs nobody runs.
TEST_F(Editor, APostureThatIsNotKnownInTimeIsUnavailable) {
  std::deque<std::function<void()>> jobs;
  const secrets::SecretProviders providers({std::make_shared<test::OneSecretProvider>()});
  secrets::SecretBroker broker(
      providers,
      [&](std::function<void()> blocking, std::function<void()> after) {
        jobs.push_back([blocking = std::move(blocking), after = std::move(after)] { blocking(), after(); });
      },
      clock, random, engine().metrics, engine().logger, {});
  BrokerCredentialCheck check(broker, {.patience = 1ms});
  const auto d = stored_destination(1);
  ASSERT_EQ(check.postures({d}).front().size(), 1u);
  EXPECT_EQ(check.postures({d}).front().front().state, secrets::CredentialState::unavailable);
  for (std::size_t i = 0; i < jobs.size(); ++i) std::exchange(jobs[i], nullptr)();  // one brings about another
  EXPECT_EQ(check.postures({d}).front().front().state, secrets::CredentialState::resolved);
  EXPECT_TRUE(check.postures({}).empty());
}

}  // namespace
}  // namespace opi::administration
