#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "egress/http_transport.hpp"

namespace opi::test {

using namespace std::chrono_literals;

// How long a test waits for what must happen.
inline constexpr std::chrono::seconds patience{20};

inline TenantId tenant(const std::string& name) { return TenantId::parse(name).value(); }
inline egress::IpAddress ip(std::string_view text) { return egress::IpAddress::parse(text).value(); }
inline egress::AddressGuard guard_that_allows(std::vector<std::string> blocks) {
  std::string error;
  egress::AddressGuard guard{egress::parse_allow_list(blocks, error)};
  EXPECT_EQ(error, "");
  return guard;
}

// Answers from a script; a name without answer never gets one.
class ScriptedResolver final : public egress::Resolver {
 public:
  // The answers to the first, second, … question; the last one goes on.
  void answer(const std::string& host, std::vector<std::vector<egress::IpAddress>> answers) {
    const std::lock_guard lock(mutex_);
    answers_[host] = std::move(answers);
  }
  void resolve(const std::string& host, const TenantId&, Callback done) override {
    egress::Resolution resolution;
    {
      const std::lock_guard lock(mutex_);
      const auto asked = asked_[host]++;
      const auto found = answers_.find(host);
      if (found == answers_.end()) return;
      resolution.addresses = found->second[std::min(asked, found->second.size() - 1)];
      if (resolution.addresses.empty()) resolution.failure = "no such name";
    }
    done(resolution);
  }
  std::size_t asked(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return asked_[host];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<std::vector<egress::IpAddress>>> answers_;
  std::map<std::string, std::size_t> asked_;
};

inline delivery::HttpRequest post(std::string url, std::string body = "{}", std::chrono::milliseconds timeout = 15s) {
  return {"POST", std::move(url), {}, std::move(body), timeout};
}

// A transport that may reach loopback, and a resolver that is told what to say.
class Outbound : public testing::Test {
 protected:
  egress::HttpTransport& transport() {
    if (!transport_) transport_ = std::make_unique<egress::HttpTransport>(resolver_, guard_, options_);
    return *transport_;
  }
  std::future<delivery::HttpResponse> start(delivery::HttpRequest request) {
    auto promise = std::make_shared<std::promise<delivery::HttpResponse>>();
    auto future = promise->get_future();
    transport().send(std::move(request), [promise](delivery::HttpResponse&& response) {
      promise->set_value(std::move(response));  // throws if called twice
    });
    return future;
  }
  static delivery::HttpResponse await(std::future<delivery::HttpResponse> future) {
    if (future.wait_for(patience) == std::future_status::ready) return future.get();
    ADD_FAILURE() << "no completion";
    return {};
  }
  delivery::HttpResponse send(delivery::HttpRequest request) { return await(start(std::move(request))); }

  ScriptedResolver resolver_;
  egress::AddressGuard guard_ = guard_that_allows({"127.0.0.0/8", "::1"});
  egress::TransportOptions options_;
  std::unique_ptr<egress::HttpTransport> transport_;
};

}  // namespace opi::test
