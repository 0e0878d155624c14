#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "system/site.hpp"

// What a plugin in a process of its own does to the deliveries of others, in the real daemon: nothing but take time,
// which is printed and not judged.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr int good_events = 150, bad_events = 12;

std::string event_of(const std::string& type, int number) {
  auto text = event(number);
  const auto at = text.find("\"event_type\":\"") + std::string("\"event_type\":\"").size();
  return text.replace(at, text.find('"', at) - at, type);
}

void provision(Site& site, const std::string& mood) {
  const auto destination = [&](int number, const std::string& adapter, const std::string& path,
                               const std::string& members) {
    return R"({"destination_id":"0192f000-0000-7000-8000-00000000000)" + std::to_string(number) + R"(","name":")" +
           adapter + R"(","adapter":")" + adapter + R"(","max_in_flight":64,"endpoint":")" + site.receiver().url(path) +
           "\"," + members + "}";
  };
  std::ofstream(site.folder() / "two.json")
      << R"({"tenants":[{"tenant_id":"acme","name":"Acme","policy":{"timeout_ms":5000,"backoff_initial_ms":5000},)"
      << R"("destinations":[)"
      << destination(1, "webhook", "/healthy",
                     R"("event_types":["good.*"],"credentials":[{"purpose":"signing",)"
                     R"("reference":"local://acme/signing/main/1"}])")
      << ","
      << destination(2, "rogue", "/healthy/bad",
                     R"("event_types":["bad.*"],"signing":"disabled","config":{"mood":")" + mood + "\"}")
      << "]}]}";
  site.control({"apply", (site.folder() / "two.json").string()});
}

// From the request that hands an event in until its delivery has arrived, one event after the other.
std::vector<double> latencies(Site& site, const RunningDaemon& daemon, const std::string& producer, int first) {
  std::vector<double> all;
  for (int number = first; number < first + good_events; ++number) {
    const auto before = site.receiver().statistics().path("/healthy").accepted;
    const auto began = steady_clock::now();
    const auto reply = demo::HttpClient(daemon.port())
                           .post("/api/v1/events", producer, "application/json", event_of("good.event", number));
    EXPECT_EQ(reply.status, 202) << reply.body;
    while (site.receiver().statistics().path("/healthy").accepted == before) {
      if (steady_clock::now() - began > std::chrono::seconds{30}) throw std::runtime_error("a delivery did not arrive");
      std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
    all.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - began).count());
  }
  std::ranges::sort(all);
  return all;
}

std::string summary(const std::vector<double>& sorted) {
  return "median " + std::to_string(sorted[sorted.size() / 2]) + " ms, 99 % " +
         std::to_string(sorted[sorted.size() * 99 / 100]) + " ms, longest " + std::to_string(sorted.back()) + " ms";
}

class Isolation : public ::testing::TestWithParam<const char*> {};

TEST_P(Isolation, ABadPluginCostsItsOwnDeliveriesOneAttemptAndOthersNothing) {
  Site site(nullptr);
  const fs::path plugins = site.folder() / "plugins";
  fs::create_directories(plugins);
  for (const auto& file : fs::directory_iterator(OPI_PLUGINS))
    fs::copy_file(file.path(), plugins / file.path().filename());
  fs::copy_file(OPI_ROGUE_PLUGIN, plugins / "rogue.so");
  site.set("plugins.directory", plugins.string());
  site.set("dispatch.lease_grace_ms", "60000");  // attempts are counted, and none is to be one for being slow
  provision(site, GetParam());
  const auto producer = site.token("producer"), auditor = site.token("auditor");
  RunningDaemon daemon(site);
  const auto before = latencies(site, daemon, producer, 0);
  for (int number = 0; number < bad_events; ++number)
    ASSERT_EQ(demo::HttpClient(daemon.port())
                  .post("/api/v1/events", producer, "application/json", event_of("bad.event", 10'000 + number))
                  .status,
              202);
  const auto during = latencies(site, daemon, producer, good_events);
  ASSERT_TRUE(eventually([&] { return daemon.log().find("plugin.quarantined") != std::string::npos; })) << daemon.log();
  std::cout << "plugin that does \"" << GetParam() << "\"; a neighbour's deliveries\n  before: " << summary(before)
            << "\n  during: " << summary(during) << "\n";

  EXPECT_TRUE(eventually(
      [&] { return daemon.log().find("is quarantined for this tenant, for it died twice") != std::string::npos; }));
  int delivered = 0, attempts = 0;
  const auto count = [&] {
    delivered = attempts = 0;
    for (const auto& delivery : all_deliveries(daemon.port(), auditor)) {
      if (delivery.state == "delivered") {
        ++delivered;
        continue;
      }
      EXPECT_LE(delivery.attempts, 1);
      EXPECT_NE(delivery.state, "failed");
      attempts += delivery.attempts;
    }
  };
  // The log may be ahead of the store.
  EXPECT_TRUE(eventually([&] {
    count();
    return attempts >= 2;
  }));
  EXPECT_EQ(delivered, 2 * good_events);
  EXPECT_EQ(attempts, 2) << "one for each death of the process" << daemon.log();
  EXPECT_TRUE(daemon.stop().clean()) << daemon.errors();
}

INSTANTIATE_TEST_SUITE_P(Moods, Isolation, ::testing::Values("spin", "crash", "leak", "scribble without end"));

}  // namespace
}  // namespace opi::system_test
