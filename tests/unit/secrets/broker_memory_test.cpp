#include "broker_fixture.hpp"

namespace opi::secrets {
namespace {

TEST_F(Broker, LetsGoOfWhatNoDestinationRefersTo) {
  for (const char* name : {"one/key", "two/key", "gone/key"}) provider->put(name, name);
  const auto broker = make();
  auto d = destination({credential(2, "mem://two/key"), credential(1, "mem://one/key")});
  const auto other = destination({credential(1, "mem://gone/key")}, 2);
  std::vector<std::weak_ptr<const Secret>> held;
  for (const auto& one : {d, other}) {
    const auto set = resolve(*broker, one);
    for (const auto& version : set->find("signing")->versions) held.emplace_back(version.value);
  }
  const auto which = [&] {
    std::string all;
    for (const auto& one : held) all += one.expired() ? '-' : '+';
    return all;
  };
  Catalog catalog;
  catalog.destinations = {{d->id, d}, {other->id, other}};
  broker->keep_only(catalog);
  EXPECT_EQ(which(), "+++");
  catalog.destinations.erase(other->id);
  broker->keep_only(catalog);
  EXPECT_EQ(which(), "++-") << "the destination is gone";
  auto revoked = std::make_shared<Destination>(*d);
  revoked->credentials.pop_back();
  revoked->revision = 2;
  catalog.destinations[d->id] = revoked;
  broker->keep_only(catalog);
  EXPECT_EQ(which(), "+--") << "the reference is gone";
}

TEST_F(Broker, ADestinationThatGoesWhileItIsResolvedLeavesNothing) {
  provider->put("app/key", "secret-1");
  inline_jobs = false;
  const auto broker = make();
  std::weak_ptr<const Secret> held;
  broker->resolve(destination({credential(1, "mem://app/key")}),
                  [&](const SetPointer& set) { held = set->find("signing")->versions.front().value; });
  broker->keep_only({});
  run_jobs();
  EXPECT_TRUE(held.expired());
}

TEST_F(Broker, ARenewalThatWasUnderWayKeepsNothingOfTheOldRevision) {
  provider->put("app/key", "secret-1");
  provider->put("new/key", "secret-2");
  inline_jobs = false;
  const auto broker = make();
  std::weak_ptr<const Secret> held;
  broker->resolve(destination({credential(1, "mem://app/key")}),
                  [&](const SetPointer& set) { held = set->find("signing")->versions.front().value; });
  const auto changed = destination({credential(2, "mem://new/key")});
  changed->revision = 2;
  Catalog catalog;
  catalog.destinations = {{changed->id, changed}};
  broker->keep_only(catalog);
  run_jobs();
  EXPECT_TRUE(held.expired());
  inline_jobs = true;
  EXPECT_EQ(values(resolve(*broker, changed)), Values{"secret-2"});
}

TEST_F(Broker, AFormerValueIsInNobodysMemoryAfterItsTime) {
  provider->put("app/key", "secret-1", "v1");
  provider->name_ttl(60s);
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")}, 1),
             idle = destination({credential(1, "mem://app/key")}, 2);
  const std::weak_ptr<const Secret> former = resolve(*broker, d)->find("signing")->versions.front().value;
  resolve(*broker, idle);
  provider->put("app/key", "secret-2", "v2");
  clock.advance(60s);
  resolve(*broker, d);
  clock.advance(59'999ms);
  broker->run_once();
  EXPECT_FALSE(former.expired());
  clock.advance(1ms);
  broker->run_once();
  EXPECT_TRUE(former.expired()) << "though nobody has been delivered to since";
  EXPECT_EQ(provider->queries().size(), 2u);
  EXPECT_EQ(values(resolve(*broker, idle)), Values{"secret-2"});
}

TEST_F(Broker, AValueThatTheStoreTookAwayIsInNobodysMemory) {
  for (const bool key_alone : {false, true}) {
    provider = std::make_shared<ScriptedProvider>();
    provider->put("app/key", "secret-1");
    const auto broker = make();
    const auto d = destination({credential(1, "mem://app/key")}, 1),
               idle = destination({credential(1, "mem://app/key")}, 2);
    const std::weak_ptr<const Secret> value = resolve(*broker, d)->find("signing")->versions.front().value;
    resolve(*broker, idle);
    if (key_alone)
      provider->remove("app/key");
    else
      provider->become(ResolveStatus::denied);
    broker->invalidate(*d);
    resolve(*broker, d);
    broker->run_once();
    EXPECT_TRUE(value.expired()) << key_alone;
  }
}

TEST_F(Broker, AFormerValueGoesAtOnceWhenTheStoreSaysNoOrTheReferenceChanges) {
  for (const auto status : {ResolveStatus::not_found, ResolveStatus::denied, ResolveStatus::ok}) {
    provider = std::make_shared<ScriptedProvider>();
    provider->put("app/key", "secret-1", "v1");
    provider->put("app/other", "secret-3", "v1");
    const auto broker = make();
    auto d = destination({credential(1, "mem://app/key")});
    const std::weak_ptr<const Secret> former = resolve(*broker, d)->find("signing")->versions.front().value;
    provider->put("app/key", "secret-2", "v2");
    broker->invalidate(*d);
    EXPECT_EQ(values(resolve(*broker, d)).size(), 2u);
    clock.advance(1s);
    if (status == ResolveStatus::ok) {
      auto changed = std::make_shared<Destination>(*d);
      changed->credentials = {credential(1, "mem://app/other")};
      changed->revision = 2;
      bind_credentials(*changed);
      d = changed;
      EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-3"});
    } else {
      provider->become(status);
      broker->invalidate(*d);
      EXPECT_EQ(values(resolve(*broker, d)), Values{});
    }
    EXPECT_TRUE(former.expired()) << "nobody has it any more";
  }
}

}  // namespace
}  // namespace opi::secrets
