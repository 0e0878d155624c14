#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <iostream>

#include "plugins/plugin_adapter.hpp"
#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using std::chrono::steady_clock;

// The figures of docs/performance.md: printed, not judged.
class IsolationCost : public ::testing::Test {
 protected:
  IsolationCost() {
    lab_.add(OPI_TEST_WEBHOOK);
    destination_.tenant_id = *TenantId::parse("acme");
    destination_.adapter = "webhook";
    destination_.endpoint = "https://receiver.example/hook";
    destination_.config = "{}";
    event_.tenant_id = destination_.tenant_id;
    event_.event_id = *EventId::parse("evt-1");
    event_.payload = R"({"title":")" + std::string(480, 'x') + "\"}";
    secrets_.purposes.push_back({"signing", {{std::make_shared<secrets::Secret>("s3cr3t-value"), "1"}}, {}});
  }
  std::shared_ptr<const delivery::Adapter> adapter(IsolationRule rule) {
    auto options = lab_.options();
    options.isolation = rule;
    options.sandbox.program = OPI_TEST_PLUGIN_HOST;
    registry_.reset();
    host_.reset();
    host_ = lab_.load(options);
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
    return registry_->find(destination_).adapter;
  }
  delivery::AttemptContext context() const { return {event_, destination_, delivery_, key_}; }
  double one_after_the_other(const delivery::Adapter& adapter, int count) {
    EXPECT_TRUE(adapter.render(context(), secrets_).ok);
    const auto began = steady_clock::now();
    for (int i = 0; i < count; ++i) EXPECT_TRUE(adapter.render(context(), secrets_).is_signed);
    return microseconds(began, count);
  }
  double all_at_once(const delivery::Adapter& adapter, int count) {
    const auto began = steady_clock::now();
    std::atomic<int> done = 0;
    std::promise<void> all;
    for (int i = 0; i < count; ++i)
      adapter.begin_render(context(), secrets_, [&](delivery::Rendering&& rendering) {
        EXPECT_TRUE(rendering.is_signed) << rendering.error;
        if (++done == count) all.set_value();
      });
    all.get_future().wait();
    return microseconds(began, count);
  }
  static double microseconds(steady_clock::time_point began, int count) {
    return std::chrono::duration<double, std::micro>(steady_clock::now() - began).count() / count;
  }

  PluginLab lab_;
  std::unique_ptr<PluginHost> host_;
  std::unique_ptr<PluginAdapterRegistry> registry_;
  Destination destination_;
  Event event_;
  DeliveryId delivery_;
  IdempotencyKey key_;
  secrets::SecretSet secrets_;
};

TEST_F(IsolationCost, OfASignedRender) {
  constexpr int calls = 3'000;
  const auto local = one_after_the_other(*adapter(IsolationRule::in_process), calls);
  const auto isolated = adapter(IsolationRule::process);
  const auto round_trip = one_after_the_other(*isolated, calls);
  const auto pipelined = all_at_once(*isolated, calls);
  std::cout << "a signed render of the webhook adapter: in the daemon " << local << " us, in a process " << round_trip
            << " us one after the other, " << pipelined << " us pipelined\n";
}

}  // namespace
}  // namespace opi::plugins::testing
