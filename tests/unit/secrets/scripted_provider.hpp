#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "secrets/secret_provider.hpp"

namespace opi::secrets {

// A backend whose content and mood the test decides. References are "mem://resource/key". Thread-safe.
class ScriptedProvider final : public SecretProvider {
 public:
  struct Query {
    std::vector<std::string> keys;
    std::string if_not_version;
    std::string tenant;
  };

  [[nodiscard]] std::string_view scheme() const override { return "mem"; }

  [[nodiscard]] SecretReference parse(std::string_view reference, const TenantId&) const override {
    const auto rest = reference.substr(6);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) throw InvalidReference("the reference has no key");
    const auto key = rest.substr(slash + 1);
    const auto version = std::min(key.find('/'), key.size());
    return {"mem",
            {std::string(rest.substr(0, slash))},
            std::string(key.substr(0, version)),
            std::string(key.substr(version))};
  }

  ResolveResult resolve(const ResolveQuery& query) override {
    std::unique_lock lock(mutex_);
    queries_.push_back({{query.keys.begin(), query.keys.end()}, std::string(query.if_not_version), query.tenant.str()});
    ++inside_;
    most_inside_ = std::max(most_inside_, inside_);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !blocked_; });
    --inside_;
    ResolveResult result;
    result.status = status_;
    result.ttl = ttl_;
    if (status_ == ResolveStatus::ok) {
      if (!version_.empty() && query.if_not_version == version_) {
        result.status = ResolveStatus::not_modified;
        return result;
      }
      for (const auto& key : query.keys)
        if (const auto found = refused_.find(query.reference.resource.front() + "/" + key); found != refused_.end()) {
          result.status = found->second;
          result.failure = "no value: " + key;
          return result;
        }
      result.version = version_;
      for (const auto& key : query.keys) {
        const auto found = values_.find(query.reference.resource.front() + "/" + key);
        result.values.push_back(
            found == values_.end() ? nullptr : std::make_shared<const Secret>(std::string_view{found->second}));
      }
    } else {
      result.failure = failure_;
    }
    return result;
  }

  void put(const std::string& resource_and_key, std::string value, std::string version = "v1") {
    const std::lock_guard lock(mutex_);
    values_[resource_and_key] = std::move(value);
    version_ = std::move(version);
  }
  void remove(const std::string& resource_and_key, std::string version = "v2") {
    const std::lock_guard lock(mutex_);
    values_.erase(resource_and_key);
    version_ = std::move(version);
  }
  // Every question that names this key among others is refused for its sake, with one status for all, as the ABI has
  // it.
  void refuse(const std::string& resource_and_key, ResolveStatus status = ResolveStatus::invalid,
              std::string version = "v2") {
    const std::lock_guard lock(mutex_);
    refused_[resource_and_key] = status;
    version_ = std::move(version);
  }
  void mend(const std::string& resource_and_key, std::string version = "v3") {
    const std::lock_guard lock(mutex_);
    refused_.erase(resource_and_key);
    version_ = std::move(version);
  }
  void become(ResolveStatus status, std::string failure = {}) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    failure_ = std::move(failure);
  }
  void name_ttl(std::optional<std::chrono::milliseconds> ttl) {
    const std::lock_guard lock(mutex_);
    ttl_ = ttl;
  }
  void block(bool blocked) {
    {
      const std::lock_guard lock(mutex_);
      blocked_ = blocked;
    }
    changed_.notify_all();
  }
  // False if that many calls did not come to be under way within a generous deadline.
  [[nodiscard]] bool wait_until_inside(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return inside_ >= count; });
  }
  [[nodiscard]] std::vector<Query> queries() const {
    const std::lock_guard lock(mutex_);
    return queries_;
  }
  [[nodiscard]] int most_inside() const {
    const std::lock_guard lock(mutex_);
    return most_inside_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> values_;
  std::map<std::string, ResolveStatus> refused_;
  std::string version_, failure_;
  ResolveStatus status_ = ResolveStatus::ok;
  std::optional<std::chrono::milliseconds> ttl_;
  std::vector<Query> queries_;
  bool blocked_ = false;
  int inside_ = 0, most_inside_ = 0;
};

}  // namespace opi::secrets
