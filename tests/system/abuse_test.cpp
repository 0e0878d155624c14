#include <gtest/gtest.h>

#include <memory>

#include "system/site.hpp"
#include "system/web_client.hpp"
#include "unit/api/raw_client.hpp"

// What only the real daemon with its own limits shows; the server's limits one by one:
// tests/unit/api/http_server_test.cpp.
namespace opi::system_test {
namespace {

using test::RawClient;
using Clients = std::vector<std::unique_ptr<RawClient>>;

// Half of them from each of two addresses, below what one address may have.
void open(Clients& clients, std::uint16_t port, int count, const std::string& beginning) {
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(port, i % 2 == 0 ? "127.0.0.2" : "127.0.0.3"));
    clients.back()->send(beginning);
  }
}

std::string head(const std::string& token, const std::string& fields) {
  return "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer " + token +
         "\r\n" + fields + "\r\n";
}

int publish(const RunningDaemon& daemon, const std::string& token, int number) {
  return demo::HttpClient(daemon.port()).post("/api/v1/events", token, "application/json", event(number)).status;
}

void expect_status_answers(const RunningDaemon& daemon) {
  for (const char* target : {"/healthz", "/readyz", "/metrics"})
    EXPECT_EQ(demo::HttpClient(daemon.status_port()).get(target).status, 200) << target;
}

TEST(Abuse, HundredsOfSlowClientsDoNotStarveANormalOne) {
  Site site(nullptr);
  site.provision("/healthy");
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  RunningDaemon daemon(site);
  Clients slow;
  open(slow, daemon.port(), 150, "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nX-Slow: ");
  open(slow, daemon.port(), 100, head(producer, "Content-Length: 1000\r\n") + "{");
  open(slow, daemon.port(), 50, head("nobody", "Content-Length: 8000000\r\n") + "{");
  open(slow, daemon.port(), 50, head("nobody", "Transfer-Encoding: chunked\r\n") + "1\r\n{\r\n");
  // More than there are threads, and of somebody who may hand in events.
  open(slow, daemon.port(), 100, head(producer, "Content-Length: 8000000\r\n") + "{");
  for (int number = 0; number < 20; ++number) {
    for (auto& client : slow) client->send(" ");
    ASSERT_EQ(publish(daemon, producer, number), 202);
    ASSERT_EQ(demo::HttpClient(daemon.port()).get("/api/v1/deliveries", auditor).status, 200);
    expect_status_answers(daemon);
  }
  ASSERT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 20; }));
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
}

// More of them than there are threads, with answers that fill whatever the kernel holds for them.
TEST(Abuse, AHundredClientsThatReadNothingDoNotStarveANormalOne) {
  Site site(nullptr);
  site.set("api.threads", "8");
  site.provision("/healthy");
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += "GET /api/v1/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n";
  Clients deaf;
  open(deaf, daemon.port(), 100, requests);
  for (int number = 0; number < 20; ++number) {
    for (auto& client : deaf) client->send("\r\n");
    ASSERT_EQ(publish(daemon, producer, number), 202);
  }
  expect_status_answers(daemon);
  ASSERT_TRUE(eventually([&] { return site.receiver().statistics().path("/healthy").accepted == 20; }));
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
}

TEST(Abuse, ATokenBeyondItsRateIsToldWhenToComeBackAndOthersAreServed) {
  Site site(nullptr);
  site.set("api.requests_per_second", "1");
  site.set("api.request_burst", "20");
  site.provision("/healthy");
  const auto greedy = site.token("auditor"), modest = site.token("auditor");
  RunningDaemon daemon(site);
  const auto ask_as = [&](const std::string& token) {
    return ask(daemon.port(), {"GET", "/api/v1/deliveries", {{"Authorization", "Bearer " + token}}, ""});
  };
  WebAnswer last;
  int served = 0;
  for (; served < 1'000; ++served)
    if (last = ask_as(greedy); last.status != 200) break;
  EXPECT_GE(served, 20);
  EXPECT_EQ(last.status, 429) << last.body;
  EXPECT_GE(std::stoi("0" + last.field("Retry-After")), 1) << last.head;
  EXPECT_NE(last.body.find("urn:oneprotect:problem:too-many-requests"), std::string::npos) << last.body;
  EXPECT_EQ(ask_as(modest).status, 200);
  EXPECT_EQ(demo::HttpClient(daemon.status_port()).get("/healthz").status, 200);
}

TEST(Abuse, BeyondTheConnectionsOfTheConfigurationThereIs503AndTheStatusPortGoesOn) {
  Site site(nullptr);
  site.set("api.max_connections", "40");
  site.set("api.max_connections_per_address", "30");
  site.provision("/healthy");
  const auto auditor = site.token("auditor");
  RunningDaemon daemon(site);
  Clients idle;
  open(idle, daemon.port(), 40, "");
  ASSERT_TRUE(eventually([&] {
    RawClient late(daemon.port(), "127.0.0.2");  // has half of the places
    return late.rest().starts_with("HTTP/1.1 503");
  }));
  expect_status_answers(daemon);
  EXPECT_EQ(ask(daemon.port(), {"GET", "/api/v1/deliveries", {{"Authorization", "Bearer " + auditor}}, ""}).status, 200)
      << "an address that has none gets one of the idle";
  idle.clear();
  ASSERT_TRUE(eventually([&] {
    return ask(daemon.port(), {"GET", "/api/v1/deliveries", {{"Authorization", "Bearer " + auditor}}, ""}).status ==
           200;
  }));
}

TEST(Abuse, ARequestHasTheDocumentedLimitsAndNotOneLess) {
  Site site(nullptr);
  site.provision("/healthy");
  const auto producer = site.token("producer");
  RunningDaemon daemon(site);
  const auto with_fields = [&](int fields) {  // besides Host, Connection and Authorization
    WebRequest request{"GET", "/api/v1/session", {{"Authorization", "Bearer " + producer}}, ""};
    for (int i = 0; i < fields; ++i) request.headers.emplace_back("X-" + std::to_string(i), "v");
    return ask(daemon.port(), request).status;
  };
  EXPECT_EQ(with_fields(61), 200);
  EXPECT_EQ(with_fields(62), 431);
  const auto with_body = [&](std::size_t bytes) {
    RawClient client(daemon.port());
    client.send(head(producer, "Content-Length: " + std::to_string(bytes) + "\r\n"));
    client.send(event(1) + std::string(bytes - event(1).size(), ' '));
    return client.response().substr(9, 3);
  };
  EXPECT_EQ(with_body(8 * 1024 * 1024), "202");
  EXPECT_EQ(with_body(8 * 1024 * 1024 + 1), "413");
}

}  // namespace
}  // namespace opi::system_test
