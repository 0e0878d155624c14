#pragma once
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "plugins/plugin_adapter.hpp"
#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPI_SHADOW_MEMORY 1  // the process is not confined then
#endif

namespace opi::plugins::testing {

// The processes that this one has started.
inline std::vector<pid_t> children() {
  std::vector<pid_t> all;
  for (const auto& thread : fs::directory_iterator("/proc/self/task")) {
    std::ifstream list(thread.path() / "children");
    for (pid_t one = 0; list >> one;) all.push_back(one);
  }
  return all;
}

// Destinations of the plugin "rogue", which runs in a process of its own and does as a configuration says.
class Sandboxed : public ::testing::Test {
 protected:
  Sandboxed() {
    lab_.add(OPI_TEST_ROGUE);
    event_.tenant_id = *TenantId::parse("acme");
    event_.event_id = *EventId::parse("evt-1");
    event_.payload = R"({"a":1})";
  }
  PluginHost::Options options() {
    auto options = lab_.options();
    options.isolation = IsolationRule::process;
    options.sandbox.program = OPI_TEST_PLUGIN_HOST;
    options.sandbox.call_deadline = std::chrono::milliseconds{300};
    options.sandbox.memory_bytes = std::uint64_t{256} << 20;
    return options;
  }
  void load() { load(options()); }
  // A daemon with these options, or the next one.
  void load(const PluginHost::Options& with) {
    registry_.reset();
    host_.reset();
    host_ = lab_.load(with);
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
  }
  struct Place {
    Destination destination;
    std::shared_ptr<const delivery::Adapter> adapter;
  };
  // A destination of a mood; in interpret() if it is late.
  Place place(const std::string& mood, bool late = false) {
    if (!host_) load();
    Place made;
    made.destination.id = *DestinationId::parse("00000000-0000-4000-8000-0000000000" + std::to_string(10 + places_++));
    made.destination.tenant_id = event_.tenant_id;
    made.destination.adapter = "rogue";
    made.destination.endpoint = "https://receiver.example:8443/hook";
    made.destination.config = R"({"mood":")" + mood + "\"" + (late ? R"(,"late":true)" : "") + "}";
    auto found = registry_->find(made.destination);
    made.adapter = found.adapter;
    EXPECT_EQ(found.held_reason, "");
    return made;
  }
  delivery::Rendering render(const Place& at) {
    return at.adapter->render({event_, at.destination, delivery_, key_}, secrets_);
  }
  Outcome interpret(const Place& at) {
    delivery::HttpResponse response;
    response.status = 200;
    return at.adapter->interpret({event_, at.destination, delivery_, key_}, response);
  }
  // One delivery of this mood fails as `why` says, and what comes next is served by the next process.
  void expect_death(const std::string& mood, const std::string& why) {
    SCOPED_TRACE(mood);
    host_.reset();
    fs::remove_all(lab_.state());
    load();
    const auto bad = place(mood), good = place("fine");
    ASSERT_TRUE(render(good).ok);
    const auto rendering = render(bad);
    EXPECT_FALSE(rendering.ok);
    EXPECT_TRUE(rendering.retryable);
    EXPECT_EQ(rendering.held, "");
    EXPECT_THAT(rendering.error,
                ::testing::AllOf(::testing::HasSubstr("the plugin's process "), ::testing::HasSubstr(why)));
    EXPECT_TRUE(render(good).ok) << "the next process serves";
    EXPECT_THAT(host_->crashes(), ::testing::SizeIs(1));
  }

  PluginLab lab_;
  std::unique_ptr<PluginHost> host_;
  std::unique_ptr<PluginAdapterRegistry> registry_;
  Event event_;
  DeliveryId delivery_;
  IdempotencyKey key_;
  secrets::SecretSet secrets_;
  int places_ = 0;
};

}  // namespace opi::plugins::testing
