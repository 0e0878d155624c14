#include "plugins/plugin_adapter.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "crypto/digest.hpp"
#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// One destination of the plugin "odd", which misbehaves as its configuration says.
class OddAdapter : public ::testing::Test {
 protected:
  OddAdapter() {
    lab_.add(OPI_TEST_ODD);
    host_ = lab_.load();
    registry_ = std::make_unique<PluginAdapterRegistry>(*host_, PluginAdapterRegistry::Options{}, lab_.logger());
    destination_.tenant_id = *TenantId::parse("acme");
    destination_.adapter = "odd";
    destination_.endpoint = "https://receiver.example:8443/hook?x=1";
    event_.tenant_id = destination_.tenant_id;
    event_.event_id = *EventId::parse("evt-1");
    event_.payload = "{}";
    secrets_.purposes.push_back({"signing", {{std::make_shared<secrets::Secret>("s3cr3t-value"), "1"}}, {}});
  }
  std::shared_ptr<const delivery::Adapter> adapter(const std::string& mood) {
    destination_.config = R"({"mood":")" + mood + R"("})";
    ++destination_.revision;
    auto found = registry_->find(destination_);
    EXPECT_EQ(found.held_reason, "");
    return found.adapter;
  }
  delivery::AttemptContext context() const { return {event_, destination_, delivery_, key_}; }
  delivery::Rendering render(const std::string& mood) { return adapter(mood)->render(context(), secrets_); }
  Outcome interpret(const std::string& mood, delivery::HttpResponse response = ok()) {
    return adapter(mood)->interpret(context(), response);
  }
  static delivery::HttpResponse ok() {
    delivery::HttpResponse response;
    response.status = 200;
    return response;
  }
  void expect_refused(const std::string& mood, const std::string& why, bool retryable = false) {
    const auto rendering = render(mood);
    EXPECT_FALSE(rendering.ok) << mood;
    EXPECT_FALSE(rendering.is_signed) << mood;
    EXPECT_THAT(rendering.error, HasSubstr(why)) << mood;
    EXPECT_EQ(rendering.retryable, retryable) << mood;
    EXPECT_THAT(rendering.request.headers, IsEmpty());
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

TEST_F(OddAdapter, RequestsThatMakeNoSenseAreNeverSent) {
  expect_refused("no url", "named no URL");
  expect_refused("no host", "not an absolute http or https URL");
  expect_refused("null text", "not a text");
  expect_refused("huge text", "not a text");
  expect_refused("method", "HTTP method");
  expect_refused("positive status", "status 5");
}

TEST_F(OddAdapter, ItMaySendOnlyWhereItsManifestSays) {
  expect_refused("elsewhere", "does not let it send");
  EXPECT_EQ(render("own host").request.url, "https://eu.example.net/x");
}

TEST_F(OddAdapter, HeadersThatWouldBreakOutAreRefused) {
  expect_refused("inject", "header \"X-A\" has a value that is not visible ASCII");
  expect_refused("inject name", "is not a valid name");
  expect_refused("twice", "header \"x-a\" is set twice");
}

TEST_F(OddAdapter, HeadersOfTheHostAndCredentialsAreRefused) {
  expect_refused("host header", "the host's to set");
  expect_refused("framing", "the host's to set");
  expect_refused("proxy", "the host's to set");
  expect_refused("authorization", "by secret reference alone");
}

TEST_F(OddAdapter, LimitsHoldAtTheirEdges) {
  EXPECT_TRUE(render("body 1000").ok);
  expect_refused("body 1001", "larger than 1000 bytes");
  EXPECT_TRUE(render("value 8192").ok);
  expect_refused("value 8193", "longer than 8192 bytes");
  EXPECT_TRUE(render("64 headers").ok);
  expect_refused("65 headers", "more than 64 headers");
  destination_.endpoint = "https://receiver.example/" + std::string(2048 - 25, 'x');
  EXPECT_TRUE(render("fine").ok);
  destination_.endpoint += "x";
  expect_refused("fine", "longer than 2048 bytes");
}

TEST_F(OddAdapter, ExceptionsStayOnItsSide) {
  expect_refused("throw", "the adapter failed with an exception");
  expect_refused("throw an int", "the adapter failed with an exception");
  expect_refused("throw in callback", "could not be put together", true);
  EXPECT_EQ(interpret("throw").reason, "adapter_fault");
}

TEST_F(OddAdapter, BusyIsRetriedAndSaysWhy) { expect_refused("busy", "later, please", true); }

TEST_F(OddAdapter, SecretsComeFromDeclaredSlotsAlone) {
  const auto rendering = render("bearer");
  ASSERT_TRUE(rendering.ok) << rendering.error;
  EXPECT_THAT(rendering.request.headers, ::testing::Contains(delivery::Header{"Authorization", "Bearer s3cr3t-value"}));
  expect_refused("other slot", "does not declare");
  expect_refused("other mac", "MAC algorithm");
  expect_refused("no callback", "malformed");
  expect_refused("macs", "more than 16 signatures");
}

TEST_F(OddAdapter, ASecretThatWouldBreakTheHeaderIsRefusedWithoutBeingShown) {
  secrets_.purposes[0].versions[0].value = std::make_shared<secrets::Secret>("line1\r\nX-Evil: 1");
  expect_refused("bearer", "not visible ASCII");
  EXPECT_THAT(render("bearer").error, Not(HasSubstr("line1")));
}

TEST_F(OddAdapter, MissingSecretsAreRetriedAndNamed) {
  secrets_.purposes[0].versions.clear();
  secrets_.purposes[0].failure = "the vault is sealed";
  expect_refused("bearer", "no secret could be resolved for the purpose \"signing\": the vault is sealed", true);
  secrets_.purposes.clear();
  expect_refused("bearer", "no credential for the purpose \"signing\"", true);
}

TEST_F(OddAdapter, NonsenseVerdictsBecomeAnAdapterFaultThatIsRetried) {
  for (const auto* const mood : {"no verdict", "null verdict", "kind 0", "kind 99", "short", "flags", "bad reason",
                                 "null reason", "long reference", "two verdicts", "fail"}) {
    const auto outcome = interpret(mood);
    EXPECT_EQ(outcome.verdict, Verdict::retry) << mood;
    EXPECT_EQ(outcome.reason, "adapter_fault") << mood;
    EXPECT_THAT(outcome.detail, HasSubstr("could not judge the response: ")) << mood;
    EXPECT_EQ(outcome.http_status, 200) << mood;
  }
  EXPECT_THAT(interpret("fail").detail, HasSubstr("cannot read this"));
  EXPECT_EQ(interpret("fine").verdict, Verdict::delivered);
}

TEST_F(OddAdapter, ADeliveryTakesEightStepsAndNoMore) {
  auto last = context();
  last.step = 6;
  EXPECT_EQ(adapter("continue")->interpret(last, ok()).verdict, Verdict::proceed);
  last.step = 7;
  const auto outcome = adapter("continue")->interpret(last, ok());
  EXPECT_EQ(outcome.reason, "adapter_fault");
  EXPECT_THAT(outcome.detail, HasSubstr("more steps than a delivery may take"));
}

TEST_F(OddAdapter, WaitsAreCutAtThirtyDays) {
  EXPECT_EQ(interpret("retry in a year").retry_after, std::chrono::days{30});
}

// Of an adapter that does not speak of it.
TEST_F(OddAdapter, RetryAfterIsReadByTheHostOnAnyStatusButThatOfASuccess) {
  auto response = ok();
  response.headers = {{"Retry-After", "120"}};
  for (const int status : {302, 400, 429, 503}) {
    response.status = status;
    EXPECT_EQ(interpret("fail", response).retry_after, std::chrono::seconds{120}) << status;
  }
  response.headers = {{"Retry-After", "Thu, 01 Jan 1970 00:01:00 GMT"}};
  EXPECT_EQ(interpret("fail", response).retry_after, std::chrono::seconds{60}) << "from when the attempt began";
  response.headers = {{"Retry-After", "soon"}};
  EXPECT_EQ(interpret("fail", response).retry_after, std::nullopt);
  response.headers = {{"Retry-After", "120"}};
  response.status = 202;
  EXPECT_EQ(interpret("", response).retry_after, std::nullopt) << "when to ask for the result";
}

TEST_F(OddAdapter, TransportFaultsAreJudgedByTheHost) {
  auto response = ok();
  response.status = 0;
  response.fault = TransportFault::timeout;
  EXPECT_EQ(interpret("throw", response).verdict, Verdict::retry);
  EXPECT_EQ(interpret("throw", response).reason, "timeout");
  response.request_sent = true;
  EXPECT_EQ(interpret("throw", response).verdict, Verdict::unknown);
  response.fault = TransportFault::connect;
  response.request_sent = false;
  EXPECT_EQ(interpret("throw", response).reason, "connect_failed");
}

TEST_F(OddAdapter, ConfigurationsThatDoNotSuitHoldTheDestination) {
  const auto held = [&](const std::string& config) {
    destination_.config = config;
    ++destination_.revision;
    const auto found = registry_->find(destination_);
    EXPECT_EQ(found.adapter, nullptr) << config;
    return found.held_reason;
  };
  EXPECT_THAT(held("{}"), HasSubstr("/mood is required"));
  EXPECT_THAT(held(R"({"mood":7,"colour":1})"),
              AllOf(HasSubstr("/mood is not of type string"), HasSubstr("/colour is not a known field")));
  EXPECT_THAT(held("{"), HasSubstr("is not JSON"));
  EXPECT_THAT(held(R"({"mood":"refuse"})"), HasSubstr("mood: is not welcome here"));
  EXPECT_THAT(held(R"({"mood":"throw in create"})"), HasSubstr("status -11"));
  EXPECT_THAT(held(R"({"mood":"long error"})"), AllOf(HasSubstr("xxxx"), SizeIs(::testing::Lt(700u))));
  destination_.adapter = "jira";
  EXPECT_THAT(held("{}"), HasSubstr("no loaded plugin offers the adapter \"jira\""));
}

TEST_F(OddAdapter, AnInstanceStaysUntilTheRevisionChanges) {
  const auto first = adapter("fine");
  EXPECT_EQ(registry_->find(destination_).adapter, first);
  ++destination_.revision;
  const auto second = registry_->find(destination_).adapter;
  EXPECT_NE(second, first);
  EXPECT_TRUE(first->render(context(), secrets_).ok);  // the old one serves until it is let go
}

TEST_F(OddAdapter, ManyThreadsMayUseIt) {
  const auto shared = adapter("fine");
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const auto found = registry_->find(destination_).adapter;
        good +=
            found->render(context(), secrets_).ok && found->interpret(context(), ok()).verdict == Verdict::delivered;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good.load(), 2000);
}

TEST_F(OddAdapter, WhatItLogsIsNamedTamedAndRedacted) {
  EXPECT_THAT(lab_.logger().text(), HasSubstr("plugin.message plugin=test.odd message=hello world fields=token="));
  EXPECT_THAT(lab_.logger().text(), Not(HasSubstr("hunter22")));
  EXPECT_THAT(lab_.logger().text(), HasSubstr("message=(no text)"));
}

TEST_F(OddAdapter, WhatAReceiverHasRepeatedIsReadAndNotLogged) {
  auto response = ok();
  response.body = "you sent s3cr3t-value";
  response.headers = {{"x-got", "s3cr3t-value"}};
  auto context = this->context();
  context.confidential = std::make_shared<const secrets::Confidential>(
      secrets::Confidential{std::make_shared<const secrets::SecretSet>(secrets_), {}});
  const auto outcome = adapter("tell")->interpret(context, response);
  EXPECT_EQ(outcome.detail, "you sent s3cr3t-value") << "the host takes it out where it keeps it";
  EXPECT_THAT(lab_.logger().text(), HasSubstr("you sent [redacted]"));
  EXPECT_THAT(lab_.logger().text(), Not(HasSubstr("s3cr3t")));
}

// Crashes, for real: each in a child process that is the daemon for this purpose.
class CrashingPlugin : public ::testing::Test {
 protected:
  // Renders with the given mood in a child; returns its wait status.
  int run_daemon(const std::string& mood) {
    const auto child = ::fork();
    if (child == 0) {
      install_fatal_signal_notes();
      const auto host = lab_.load();
      PluginAdapterRegistry registry(*host, {}, lab_.logger());
      Destination destination;
      destination.adapter = "odd";
      destination.endpoint = "https://receiver.example/";
      destination.config = R"({"mood":")" + mood + R"("})";
      const auto found = registry.find(destination);
      if (!found.adapter) ::_exit(9);
      const Event event;
      const DeliveryId delivery;
      const IdempotencyKey key;
      (void)found.adapter->render({event, destination, delivery, key}, {});
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }
  std::vector<std::string> next_start(std::vector<std::string> release = {}) {
    auto options = lab_.options();
    options.release = std::move(release);
    return verdicts(*lab_.load(options), lab_.plugins() / "odd.so");
  }

  PluginLab lab_;
};

TEST_F(CrashingPlugin, IsQuarantinedAfterTwoCrashesUntilItIsReleased) {
  lab_.add(OPI_TEST_ODD);
  EXPECT_TRUE(WIFSIGNALED(run_daemon("crash")));
  {
    const auto host = lab_.load();
    EXPECT_THAT(host->loaded(), SizeIs(1)) << "one crash is forgiven";
    ASSERT_THAT(host->crashes(), SizeIs(1));
    EXPECT_EQ(host->crashes()[0].plugin, "test.odd");
    EXPECT_EQ(host->crashes()[0].phase, "render");
    EXPECT_EQ(host->crashes()[0].signal, SIGSEGV);
  }
  EXPECT_TRUE(WIFSIGNALED(run_daemon("crash")));
  EXPECT_THAT(next_start(), ElementsAre("trust L402"));
  EXPECT_THAT(next_start(), ElementsAre("trust L402")) << "and stays so";
  EXPECT_THAT(next_start({"test.odd"}), IsEmpty());
  EXPECT_THAT(next_start(), IsEmpty());
}

TEST_F(CrashingPlugin, AnotherBuildStartsWithACleanRecord) {
  const auto file = lab_.add(OPI_TEST_ODD);
  run_daemon("crash");
  run_daemon("crash");
  EXPECT_THAT(next_start(), ElementsAre("trust L402"));
  std::ofstream(file, std::ios::app) << "another build";
  EXPECT_THAT(next_start(), IsEmpty());
}

TEST_F(CrashingPlugin, AKilledDaemonIsNobodysCrash) {
  lab_.add(OPI_TEST_ODD);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(WTERMSIG(run_daemon("be killed")), SIGKILL);
  const auto host = lab_.load();
  ASSERT_THAT(host->left_by_last_run(), SizeIs(1)) << "the cut-off call is seen";
  EXPECT_EQ(host->left_by_last_run()[0].phase, Phase::render);
  EXPECT_EQ(host->left_by_last_run()[0].fatal_signal, std::nullopt);
  EXPECT_THAT(host->crashes(), IsEmpty());
  EXPECT_THAT(host->loaded(), SizeIs(1));
}

TEST_F(CrashingPlugin, AStackOverflowIsNotedToo) {
  lab_.add(OPI_TEST_ODD);
  EXPECT_TRUE(WIFSIGNALED(run_daemon("overflow the stack")));
  EXPECT_THAT(lab_.load()->crashes(), SizeIs(1));
}

}  // namespace
}  // namespace opi::plugins::testing
