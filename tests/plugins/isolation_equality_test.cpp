#include <gmock/gmock.h>

#include "plugins/elf_file.hpp"
#include "plugins/plugin_adapter.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

// The plugin "odd" in this process and in one of its own: whatever it does, both ways come to the same.
class IsolationEquality : public ::testing::Test {
 protected:
  IsolationEquality() {
    lab_.add(OPI_TEST_ODD);
    host_ = lab_.load();
    const auto local = host_->loaded().front();
    SandboxOptions options;
    options.program = OPI_TEST_PLUGIN_HOST;
    std::vector<Refusal> refused;
    // Straight, for PluginHost keeps a plugin that offers secrets in this process.
    plugins_ = {local, SandboxedPlugin::load({local->file(), lab_.state() / "plugins" / (local->sha256() + ".so"),
                                              local->sha256(), manifest(), "test", "test", OPI_ABI_MINOR},
                                             {options, false, {}}, lab_.logger(), refused)};
    EXPECT_NE(plugins_[1], nullptr) << (refused.empty() ? "" : refused.front().message);
    destination_.tenant_id = *TenantId::parse("acme");
    destination_.adapter = "odd";
    destination_.endpoint = "https://receiver.example:8443/hook?x=1";
    event_.tenant_id = destination_.tenant_id;
    event_.event_id = *EventId::parse("evt-1");
    event_.payload = "{}";
    secrets_.purposes.push_back({"signing", {{std::make_shared<secrets::Secret>("s3cr3t-value"), "1"}}, {}});
  }
  static Manifest manifest() {
    std::vector<std::string> problems;
    return parse_manifest(read_elf(read_file(OPI_TEST_ODD)).manifests.front(), problems);
  }
  PluginAdapter adapter(std::size_t way, const std::string& mood) {
    destination_.config = R"({"mood":")" + mood + R"("})";
    return {plugins_[way], plugins_[way]->manifest().components.front(), destination_, "test"};
  }
  std::string rendered(std::size_t way, const std::string& mood) {
    const auto made = adapter(way, mood).render({event_, destination_, delivery_, key_}, secrets_);
    std::string text = made.request.method + " " + made.request.url + "\n";
    for (const auto& header : made.request.headers) text += header.name + ": " + header.value + "\n";
    text += made.request.body + "\n" + made.error + (made.ok ? " ok" : "") + (made.retryable ? " retryable" : "") +
            (made.is_signed ? " signed" : "") + (made.url_is_secret ? " secret url" : "") + made.unusable_purpose;
    for (const auto& purpose : made.used_purposes) text += " " + purpose;
    return text;
  }
  std::string interpreted(std::size_t way, const std::string& mood) {
    delivery::HttpResponse response;
    response.status = 200;
    response.body = "said the receiver";
    response.headers = {{"X-A", "b"}};
    const auto made = adapter(way, mood).interpret({event_, destination_, delivery_, key_}, response);
    return std::to_string(static_cast<int>(made.verdict)) + " " + made.reason + " " + made.detail + " " +
           made.external_ref + " " + made.external_url + " " + made.carry + " " + made.response_summary + " " +
           std::to_string(made.retry_after.value_or(std::chrono::milliseconds{-1}).count()) +
           (made.by_status ? " by status" : "");
  }

  PluginLab lab_;
  std::unique_ptr<PluginHost> host_;
  std::vector<std::shared_ptr<Plugin>> plugins_;
  Destination destination_;
  Event event_;
  DeliveryId delivery_;
  IdempotencyKey key_;
  secrets::SecretSet secrets_;
};

TEST_F(IsolationEquality, OfRequestsRightAndWrong) {
  for (const auto* mood :
       {"fine",        "no url",      "throw",     "throw an int", "busy",          "positive status",
        "elsewhere",   "no host",     "null text", "huge text",    "own host",      "inject",
        "inject name", "host header", "framing",   "proxy",        "authorization", "twice",
        "bearer",      "other slot",  "method",    "no callback",  "other mac",     "throw in callback",
        "macs",        "body 1000",   "body 1001", "64 headers",   "65 headers",    "value 8192",
        "value 8193",  "tell"})
    EXPECT_EQ(rendered(0, mood), rendered(1, mood)) << mood;
}

TEST_F(IsolationEquality, WithoutItsSecret) {
  secrets_.purposes.clear();
  for (const auto rule : {SigningRule::required, SigningRule::disabled}) {
    destination_.signing = rule;
    for (const auto* mood : {"bearer", "macs", "other slot"}) EXPECT_EQ(rendered(0, mood), rendered(1, mood)) << mood;
  }
}

TEST_F(IsolationEquality, OfVerdictsRightAndWrong) {
  for (const auto* mood :
       {"fine", "throw", "fail", "no verdict", "null verdict", "kind 0", "kind 99", "continue", "short", "flags",
        "bad reason", "null reason", "long reference", "retry in a year", "two verdicts", "tell"})
    EXPECT_EQ(interpreted(0, mood), interpreted(1, mood)) << mood;
}

TEST_F(IsolationEquality, OfRefusedConfigurations) {
  for (const auto* mood : {"refuse", "throw in create", "long error"}) {
    std::string local;
    try {
      (void)adapter(0, mood);
    } catch (const std::runtime_error& refusal) {
      local = refusal.what();
    }
    EXPECT_NE(local, "") << mood;
    EXPECT_EQ(adapter(1, mood).refusal(), local) << mood;
  }
}

}  // namespace
}  // namespace opi::plugins::testing
