#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "command_line/operator.hpp"

// Beside a running daemon: both give the same documents, and what one does the other goes by.
namespace opi::command_line_test {
namespace {

using system_test::eventually;
using system_test::RunningDaemon;
using testing::HasSubstr;

// What only the daemon knows.
void forget_runtime(boost::json::object& document) {
  if (auto* runtime = document.if_contains("runtime")) *runtime = nullptr;
  if (auto* rows = document.if_contains("destinations"))
    for (auto& row : rows->as_array()) forget_runtime(row.as_object());
}

class BesideADaemon : public OnBothStores {
 protected:
  // Events for a receiver that takes them, or refuses them for good.
  void publish(const RunningDaemon& daemon, int events) {
    const auto producer = site.token("producer");
    for (int number = 1; number <= events; ++number)
      ASSERT_EQ(demo::HttpClient(daemon.port())
                    .post("/api/v1/events", producer, "application/json", system_test::event(number))
                    .status,
                202);
  }
  bool all_are(const std::string& state, std::size_t count) {
    return user.json({"deliveries", "list", "--tenant", "acme", "--state", state}).at("deliveries").as_array().size() ==
           count;
  }
};

TEST_P(BesideADaemon, TheDocumentsAreThoseOfTheApi) {
  site.provision("/rejecting", R"(,"policy":{"max_attempts":2,"dead_letter":"always"})");
  RunningDaemon daemon(site);
  publish(daemon, 3);
  ASSERT_TRUE(eventually([&] { return all_are("dead_lettered", 3); }));
  const auto token = site.token("tenant_admin");
  const auto deliveries = user.json({"deliveries", "list", "--tenant", "acme"});
  const auto id = text(deliveries.at("deliveries").at(0), "delivery_id");
  const auto event = text(deliveries.at("deliveries").at(0), "event_id");
  const std::string from = "2026-01-01T00:00:00Z", to = "2026-12-31T00:00:00Z", there = the_destination;
  const std::vector<std::pair<std::string, std::vector<std::string>>> pairs{
      {"/deliveries", {"deliveries", "list"}},
      {"/deliveries?limit=2&state=dead_lettered,failed",
       {"deliveries", "list", "--limit", "2", "--state", "dead_lettered,failed"}},
      {"/deliveries?correlation_id=c-2&held=false",
       {"deliveries", "list", "--correlation-id", "c-2", "--held", "false"}},
      {"/deliveries/" + id, {"deliveries", "show", id}},
      {"/deliveries/" + id + "/attempts", {"deliveries", "attempts", id}},
      {"/dead-letters?alert_id=A-1", {"dead-letters", "list", "--alert-id", "A-1"}},
      {"/dead-letters/" + id, {"dead-letters", "show", id}},
      {"/deliveries?delivery_id=" + id, {"deliveries", "list", "--delivery-id", id}},
      {"/events", {"events", "list"}},
      {"/events?alert_id=A-1&limit=1", {"events", "list", "--alert-id", "A-1", "--limit", "1"}},
      {"/events/" + event, {"events", "show", event}},
      {"/audit?event_id=" + event, {"audit", "list", "--event-id", event}},
      {"/delivery-events", {"delivery-events", "list"}},
      {"/delivery-health?from=" + from + "&to=" + to, {"health", "--from", from, "--to", to}},
      {"/destinations?enabled=true", {"destinations", "list", "--enabled", "true"}},
      {"/destinations/" + there, {"destinations", "show", there}},
      {"/destinations/" + there + "/credentials", {"credentials", "list", there}},
      {"/destinations/" + there + "/policy", {"policy", "show", "--destination", there}},
      {"/policy", {"policy", "show"}},
      {"/tokens", {"tokens", "list"}},
  };
  for (const auto& [path, words] : pairs) {
    auto arguments = words;
    arguments.insert(arguments.end(), {"--tenant", "acme"});
    const auto reply = demo::HttpClient(daemon.port()).get("/api/v1" + path, token);
    ASSERT_EQ(reply.status, 200) << path << reply.body;
    auto expected = boost::json::parse(reply.body);
    forget_runtime(expected.as_object());
    EXPECT_EQ(boost::json::serialize(user.json(arguments)), boost::json::serialize(expected)) << path;
  }
  EXPECT_EQ(boost::json::serialize(user.json({"adapters", "list"})),
            demo::HttpClient(daemon.port()).get("/api/v1/adapters", token).body);
}

TEST_P(BesideADaemon, WhatAnEventSaysIsToldWhereItIsOpenAndOnRecord) {
  site.provision("/healthy");
  RunningDaemon daemon(site);
  publish(daemon, 1);
  const auto event = text(user.json({"events", "list", "--tenant", "acme"}).at("events").at(0), "event_id");
  EXPECT_THAT(user.run({"events", "show", event, "--tenant", "acme"}).out, HasSubstr("producer"));
  const std::vector<std::string> words{"events", "payload", event, "--tenant", "acme"};
  const auto closed = user.run(words);
  EXPECT_EQ(closed.code, 77);
  EXPECT_EQ(closed.out, "");
  const auto with = [&](const char* tenants) {
    auto opened = words;
    opened.insert(opened.end(), {"--set", std::string("payloads.readable_tenants=") + tenants});
    return user.run(opened);
  };
  EXPECT_EQ(with("globex").code, 77);
  EXPECT_EQ(with("globex Acme").code, 78) << "no tenant's id";
  for (const char* tenants : {"acme", "globex acme", "*"}) {
    const auto opened = with(tenants);
    EXPECT_EQ(opened.code, 0) << opened.err;
    EXPECT_THAT(system_test::event(1), HasSubstr(opened.out));
    EXPECT_THAT(opened.out, HasSubstr("A-1"));
  }
  const auto records = user.json({"audit", "list", "--tenant", "acme", "--action", "payload.read"}).at("records");
  ASSERT_EQ(records.as_array().size(), 3u) << "and none of what was closed";
  EXPECT_EQ(text(records.at(0), "target"), "event:" + event);
}

TEST_P(BesideADaemon, ATokenIsGoodAtOnceAndBadSoonAfterItsRevocation) {
  site.provision("/healthy");
  RunningDaemon daemon(site);
  const auto token = site.token("auditor");
  const auto status = [&] { return demo::HttpClient(daemon.port()).get("/api/v1/deliveries", token).status; };
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(user.run({"tokens", "revoke", token.substr(0, 12), "--tenant", "acme"}).code, 0);
  EXPECT_TRUE(eventually([&] { return status() == 401; }, std::chrono::seconds{15}));
}

TEST_P(BesideADaemon, ItDeliversATestEvent) {
  site.provision("/healthy");
  RunningDaemon daemon(site);
  const auto tested = user.json({"destinations", "test", the_destination, "--tenant", "acme", "--wait-ms", "15000"});
  EXPECT_EQ(text(tested.at("attempt"), "result"), "succeeded");
  site.provision("/rejecting");
  ASSERT_TRUE(eventually([&] {
    return user.run({"destinations", "test", the_destination, "--tenant", "acme", "--wait-ms", "15000"}).code == 1;
  }));
  EXPECT_EQ(user.run({"destinations", "test", the_destination, "--tenant", "acme", "--wait-ms", "99000"}).code, 64);
}

TEST_P(BesideADaemon, ItSendsWhatIsReplayedAndNotWhatIsDiscarded) {
  site.provision("/rejecting", R"(,"policy":{"max_attempts":1,"dead_letter":"always"})");
  RunningDaemon daemon(site);
  publish(daemon, 4);
  ASSERT_TRUE(eventually([&] { return all_are("dead_lettered", 4); }));
  site.provision("/healthy");
  // Whoever asks the daemon for destinations makes it look at the catalog: by itself it does so within half a second.
  ASSERT_EQ(demo::HttpClient(daemon.port()).get("/api/v1/destinations", site.token("auditor")).status, 200);
  const auto counted = user.run({"dead-letters", "replay", "--tenant", "acme", "--alert-id", "A-1"});
  EXPECT_THAT(counted.out, HasSubstr("matching  1"));
  EXPECT_THAT(counted.err, HasSubstr("--yes"));
  EXPECT_TRUE(all_are("dead_lettered", 4));
  EXPECT_EQ(
      user.json({"dead-letters", "replay", "--tenant", "acme", "--alert-id", "A-1", "--yes"}).at("replayed").as_int64(),
      1);
  ASSERT_TRUE(eventually([&] { return all_are("delivered", 1); }));

  const auto left = user.json({"dead-letters", "list", "--tenant", "acme"}).at("dead_letters");
  const auto one = text(left.at(0), "delivery_id"), other = text(left.at(1), "delivery_id");
  EXPECT_EQ(text(user.json({"dead-letters", "replay", one, "--tenant", "acme"}), "state"), "retry_scheduled");
  EXPECT_EQ(user.run({"dead-letters", "replay", one, "--tenant", "acme"}).code, 73);
  EXPECT_EQ(user.run({"dead-letters", "discard", other, "--tenant", "acme"}).code, 64);
  EXPECT_EQ(
      text(user.json({"dead-letters", "discard", other, "--tenant", "acme", "--reason", "sent by hand"}), "state"),
      "failed");
  EXPECT_EQ(user.run({"dead-letters", "replay", "--tenant", "acme"}).code, 64);
  EXPECT_EQ(user.json({"dead-letters", "discard", "--every", "--yes", "--tenant", "acme", "--reason", "old"})
                .at("discarded")
                .as_int64(),
            1);
  ASSERT_TRUE(eventually([&] { return all_are("delivered", 2); }));
  EXPECT_TRUE(all_are("failed", 2));
  const auto trail =
      user.json({"audit", "list", "--tenant", "acme", "--action", "dead_letter.discarded"}).at("records");
  EXPECT_THAT(text(trail.at(0).at("actor"), "id"), HasSubstr("integrationsctl/"));
}

TEST_P(BesideADaemon, ManyAtOnceDoNotDisturbIt) {
  site.provision("/healthy");
  RunningDaemon daemon(site);
  publish(daemon, 5);
  const auto many = user.shell(
      "for n in 1 2 3 4 5 6; do ($CTL tenants create t$n --name T && $CTL deliveries list --tenant acme && $CTL audit "
      "verify --tenant acme && $CTL plugins list) >/dev/null & done; wait; $CTL tenants list | grep -c 't[1-6]'");
  EXPECT_EQ(many.out, "6\n") << many.err;
  publish(daemon, 5);
  EXPECT_TRUE(eventually([&] { return all_are("delivered", 5); }));
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
}

TEST_P(BesideADaemon, ARefreshOfNothingSaysSo) {
  site.provision("/healthy");
  const RunningDaemon daemon(site, "control");
  const auto unknown =
      user.run({"secrets", "refresh", "--destination", "0192f000-0000-7000-8000-0000000000ff", "--json"});
  EXPECT_EQ(unknown.code, 66) << unknown.out;
  EXPECT_EQ(user.run({"secrets", "refresh", "--destination", the_destination}).code, 0);
  const auto unused = user.run({"secrets", "refresh", "local://acme/nobody/refers/1"});
  EXPECT_EQ(unused.code, 0) << unused.err;
  EXPECT_THAT(unused.out, HasSubstr("none that the daemon has in memory refers to it"));
}

// A plugin that is for other environments is where it belongs.
TEST_P(BesideADaemon, AHealthyProductionStartLogsNoError) {
  site.set("plugins.directory", OPI_SHIPPED_PLUGINS);
  site.set("general.environment", "production");
  site.unset("secret_provider.local.directory");
  site.set("secret_provider.files.root", (site.folder() / "not-mounted").string());
  user.run({"migrate"});
  const RunningDaemon daemon(site, "control");
  const auto log = daemon.log();
  EXPECT_THAT(log, HasSubstr("L701"));
  EXPECT_THAT(log, testing::Not(HasSubstr("\"level\":\"error\"")));
  EXPECT_THAT(log, HasSubstr("\"plugins_refused\":0"));
  EXPECT_THAT(log, HasSubstr("no secret can be read now")) << "and its operator is told that nothing is mounted";
}

INSTANTIATE_TEST_SUITE_P(Stores, BesideADaemon, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace opi::command_line_test
