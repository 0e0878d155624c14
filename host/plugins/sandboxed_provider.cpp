#include "plugins/sandboxed_provider.hpp"

#include <algorithm>
#include <future>
#include <stdexcept>

#include "plugins/exchange_frames.hpp"
#include "plugins/secret_intake.hpp"

namespace opi::plugins {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds quick{1'000};  // how long who saves a reference waits for a verdict on it
constexpr std::uint64_t only_instance = 1;         // of a process

std::shared_ptr<const SandboxInstance> described(const Component& component, const std::string& config_json,
                                                 std::uint32_t log_threshold) {
  FrameWriter create(FrameKind::create, 0);
  create.u32(log_threshold).u64(only_instance).text(component.id).text(component.id);
  create.text(std::string_view{}).text(config_json).u64(0).u32(0).text(std::string_view{}).u64(0).u32(0);
  return std::make_shared<SandboxInstance>(SandboxInstance{only_instance, create.finish(), {}});
}

// What one reference of one tenant is remembered by: its texts, each with its length.
std::string name_of(const opi_secret_query& query) {
  FrameWriter name(FrameKind::check_reference, 0);
  write(name, query);
  return name.finish();
}

TenantId tenant_of(const opi_secret_query& query) { return TenantId::parse(view(query.tenant)).value_or(TenantId()); }

// A call's end for whoever waits for it, and the lane that it is made in until then.
struct Waiting {
  std::promise<CallEnd> end;
};

}  // namespace

SandboxedProvider::SandboxedProvider(std::shared_ptr<SandboxedPlugin> plugin, const Component& component,
                                     const std::string& config_json)
    : plugin_(std::move(plugin)), instance_(described(component, config_json, plugin_->log_threshold())) {
  const auto reach = component.needs.reach(config_json);
  auto places = reach.files;
  if (reach.network) places.emplace_back("/etc/resolv.conf");
  lanes_ = plugin_->lanes(component, reach, std::move(places));
  std::string why;
  auto lane = lanes_->take({}, false, steady_clock::now() + quick, why);
  if (!lane) throw std::runtime_error(why);
  const auto made = std::make_shared<Waiting>();
  auto end = made->end.get_future();
  lane->submit({FrameKind::create, instance_, instance_->create, {}, {}, [made](const CallEnd& how) {
                  made->end.set_value(how);
                }});
  if (const auto how = end.get(); how.status != OPI_OK) {
    lane.reset();
    lanes_->stop();
    throw std::runtime_error(how.error.empty() ? "the provider failed with status " + std::to_string(how.status)
                                               : how.error);
  }
}

SandboxedProvider::~SandboxedProvider() { lanes_->stop(); }

std::string SandboxedProvider::frame(FrameKind kind, const opi_secret_query& query) const {
  FrameWriter out(kind, 0);
  out.u32(plugin_->log_threshold()).u64(only_instance);
  write(out, query);
  return out.finish();
}

CallEnd SandboxedProvider::check_reference(const opi_secret_query& query) {
  const auto name = name_of(query);
  {
    const Lock lock(mutex_);
    if (const auto known = verdicts_.find(name); known != verdicts_.end()) return known->second;
  }
  const auto until = steady_clock::now() + quick;
  const auto tenant = tenant_of(query);
  std::string why;
  auto lane = lanes_->take(tenant, false, until, why);
  if (!lane) return held_call(why);
  const auto call = std::make_shared<Waiting>();
  auto end = call->end.get_future();
  auto* const sandbox = lane.get();
  sandbox->submit({FrameKind::check_reference,
                   instance_,
                   frame(FrameKind::check_reference, query),
                   {},
                   {},
                   [call, lane = std::move(lane)](const CallEnd& how) mutable {
                     lane.reset();
                     call->end.set_value(how);
                   },
                   {},
                   {},
                   {},
                   tenant});
  if (end.wait_until(until) != std::future_status::ready) return held_call("the plugin did not say in time");
  auto verdict = end.get();
  // The plugin's own word, yes or no, is for ever; what became of its process is not its word.
  const bool is_its_word =
      verdict.status != OPI_E_BUSY && verdict.status != OPI_E_TIMEOUT && verdict.status != OPI_E_NOMEM;
  if (!is_its_word && verdict.held.empty()) verdict.held = verdict.error;
  if (!verdict.held.empty()) return verdict;
  const Lock lock(mutex_);
  if (verdicts_.size() >= max_verdicts) verdicts_.clear();
  verdicts_[name] = verdict;
  return verdict;
}

secrets::ResolveResult SandboxedProvider::resolve(const opi_secret_query& query) {
  struct Call : Waiting {
    explicit Call(std::uint64_t keys) : intake(keys) {}
    SecretIntake intake;
  };
  const auto now = steady_clock::now();
  const auto asked_for = std::chrono::nanoseconds(static_cast<std::int64_t>(query.deadline_mono_ns));
  const auto deadline = std::min(steady_clock::time_point(asked_for), now + longest);
  const auto call = std::make_shared<Call>(query.n_keys);
  const auto tenant = tenant_of(query);
  std::string why;
  auto lane = lanes_->take(tenant, true, deadline, why);
  if (!lane) return std::move(call->intake).finish(OPI_E_BUSY, why);
  auto end = call->end.get_future();
  auto* const sandbox = lane.get();
  sandbox->submit({FrameKind::resolve,
                   instance_,
                   frame(FrameKind::resolve, query),
                   {},
                   {},
                   [call, lane = std::move(lane)](const CallEnd& how) mutable {
                     lane.reset();
                     call->end.set_value(how);
                   },
                   {},
                   call->intake.out(),
                   deadline + grace,
                   tenant});
  if (end.wait_until(deadline + 2 * grace) != std::future_status::ready)
    return {secrets::ResolveStatus::unavailable, "the provider did not answer in time", {}, {}, {}};
  const auto how = end.get();
  return std::move(call->intake).finish(how.status, how.error);
}

}  // namespace opi::plugins
