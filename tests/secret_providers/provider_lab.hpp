#pragma once
#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/plugin_lab.hpp"
#include "plugins/plugin_provider_registry.hpp"
#include "secrets/inquiry.hpp"

namespace opi::plugins::testing {

// A secret provider, loaded and asked as the daemon does.
class ProviderLab {
 public:
  ProviderLab(const fs::path& plugin, const std::string& id, const std::string& config, bool production = true,
              IsolationRule isolation = IsolationRule::in_process) {
    file_ = lab_.add(plugin);
    auto options = lab_.options(production ? "production" : "test");
    options.isolation = isolation;
    options.sandbox.program = OPI_TEST_PLUGIN_HOST;
    host_ = std::make_unique<PluginHost>(std::move(options), lab_.logger());
    registry_ = std::make_unique<PluginProviderRegistry>(*host_, providers_, lab_.logger());
    registry_->load_directory(
        [&](const Component& component) { return component.id == id ? std::optional(config) : std::nullopt; });
    if (const auto all = providers_.all(); !all.empty()) provider_ = all.front();
  }

  [[nodiscard]] bool is_ready() const { return provider_ != nullptr; }
  // Why the configuration was refused; empty: it was not.
  [[nodiscard]] std::string refusal() const { return host_->refused().empty() ? "" : host_->refused().front().message; }
  [[nodiscard]] std::string log() { return lab_.logger().text(); }
  [[nodiscard]] fs::path root() const { return lab_.root(); }

  // Why the reference is refused when it is saved; empty: it is not.
  std::string reference_fault(const std::string& reference, const std::string& tenant = "acme") const {
    try {
      (void)provider_->parse(reference, *TenantId::parse(tenant));
      return {};
    } catch (const secrets::InvalidReference& invalid) {
      return invalid.what();
    }
  }

  // Of several keys of one secret, as the broker asks: "a b = 1,2; bad: why".
  std::string inquire(const std::string& reference, const std::vector<std::string>& keys) const;

  secrets::ResolveResult resolve(const std::string& reference, std::vector<std::string> keys = {},
                                 std::string_view known = {}, const std::string& tenant = "acme",
                                 std::chrono::milliseconds patience = std::chrono::seconds{10}) const {
    const auto id = *TenantId::parse(tenant);
    const auto parsed = provider_->parse(reference, id);
    if (keys.empty()) keys = {parsed.key};
    const auto deadline = std::chrono::steady_clock::now().time_since_epoch() + patience;
    return provider_->resolve({parsed, keys, id, known, MonoTime{std::chrono::nanoseconds(deadline)}});
  }

 private:
  PluginLab lab_;
  fs::path file_;
  secrets::SecretProviders providers_;
  std::unique_ptr<PluginHost> host_;
  std::unique_ptr<PluginProviderRegistry> registry_;
  std::shared_ptr<secrets::SecretProvider> provider_;
};

// The values, joined by commas; "(absent)" for a key that is not there.
inline std::string values_of(const secrets::ResolveResult& result) {
  std::string all;
  for (const auto& value : result.values) {
    if (!all.empty()) all += ',';
    if (!value) {
      all += "(absent)";
      continue;
    }
    const auto bytes = value->reveal();
    all.append(bytes.begin(), bytes.end());
  }
  return all;
}

inline std::string ProviderLab::inquire(const std::string& reference, const std::vector<std::string>& keys) const {
  const auto tenant = *TenantId::parse("acme");
  const auto parsed = provider_->parse(reference, tenant);
  const auto deadline = std::chrono::steady_clock::now().time_since_epoch() + std::chrono::seconds{10};
  const auto answers =
      secrets::Inquiry(*provider_, {parsed, keys, tenant, {}, MonoTime{std::chrono::nanoseconds(deadline)}}).make(0);
  std::string all;
  for (const auto& key : answers.keys) all += key + " ";
  all += "= " + values_of(answers.result);
  for (const auto& refusal : answers.refused) all += "; " + refusal.key + ": " + refusal.why;
  return all;
}

}  // namespace opi::plugins::testing
