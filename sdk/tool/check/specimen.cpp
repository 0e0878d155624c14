#include "check/specimen.hpp"

#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cstring>
#include <future>

#include "exchange_documents.hpp"
#include "failure.hpp"
#include "plugin_bench.hpp"
#include "plugins/request_assembly.hpp"
#include "plugins/verdict_intake.hpp"

namespace opi::tool {
namespace {

using plugins::raw;

constexpr std::array status_names{"OPI_OK",          "OPI_E_FAILED",    "OPI_E_INVALID",   "OPI_E_UNSUPPORTED",
                                  "OPI_E_BUSY",      "OPI_E_STALE",     "OPI_E_DENIED",    "OPI_E_TIMEOUT",
                                  "OPI_E_CANCELLED", "OPI_E_NOT_FOUND", "OPI_E_TOO_LARGE", "OPI_E_EXCEPTION",
                                  "OPI_E_NOMEM"};

constexpr std::array delivery_texts{
    &opi_delivery::delivery_id,    &opi_delivery::destination_id, &opi_delivery::idempotency_key,
    &opi_delivery::endpoint_url,   &opi_delivery::event_id,       &opi_delivery::event_type,
    &opi_delivery::schema_version, &opi_delivery::tenant_id,      &opi_delivery::source,
    &opi_delivery::timestamp,      &opi_delivery::correlation_id, &opi_delivery::causation_id,
    &opi_delivery::alert_id,       &opi_delivery::evidence_id,    &opi_delivery::ticket_id,
    &opi_delivery::payload,        &opi_delivery::traceparent,    &opi_delivery::prior_ref,
    &opi_delivery::prior_url};

opi_str moved(GuardedMemory& memory, const opi_str& text) { return raw(memory.copy(plugins::view(text))); }
opi_bytes moved(GuardedMemory& memory, const opi_bytes& bytes) {
  return plugins::raw_bytes(memory.copy(plugins::view(bytes)));
}

// A copy of the first `size` bytes; what is beyond the struct is filled with a pattern, as if it were something newer.
template <class T>
const T& placed(GuardedMemory& memory, const T& value, std::size_t size) {
  std::string bytes(std::max(size, sizeof(T)), '\xa5');
  std::memcpy(bytes.data(), &value, sizeof(T));
  auto* const place = static_cast<T*>(memory.copy(bytes.data(), size));
  place->size = static_cast<std::uint32_t>(size);
  return *place;
}

// How a call in a process of the plugin's own ended.
template <class Begin>
plugins::CallEnd awaited(Begin&& begin) {
  const auto promise = std::make_shared<std::promise<plugins::CallEnd>>();
  auto future = promise->get_future();
  begin([promise](const plugins::CallEnd& end) { promise->set_value(end); });
  return future.get();
}

std::string difference(opi_status status, const std::string& error, const plugins::CallEnd& end) {
  if (status == end.status && error == end.error) return {};
  return "ends with " + status_name(status) + " " + error + ", but in a process of its own with " +
         status_name(end.status) + " " + end.error;
}

std::string difference(opi_status status, const std::string& error, const std::string& refusal) {
  const auto why =
      status == OPI_OK || !error.empty() ? error : "the adapter failed with status " + std::to_string(status);
  const auto words = [](const std::string& refused) { return refused.empty() ? "takes it" : "refuses it: " + refused; };
  return why == refusal ? "" : words(why) + ", but in a process of its own " + words(refusal);
}

std::string text_of(const delivery::Rendering& rendering) {
  if (!rendering.ok) return (rendering.retryable ? "retryable error: " : "error: ") + rendering.error;
  return boost::json::serialize(request_document(rendering.request));
}

std::string text_of(const std::optional<Outcome>& outcome) {
  return outcome ? boost::json::serialize(verdict_document(*outcome)) : "no verdict";
}

}  // namespace

Specimen::Specimen(const Subject& subject, telemetry::Logger& logger) {
  std::vector<std::string> problems;
  std::vector<plugins::Refusal> refused;
  plugin_ = plugins::LoadedPlugin::load(
      {subject.file.string(), subject.file, subject.sha256, plugins::parse_manifest(subject.manifest, problems),
       environment_for(subject.file), "opi-plugin", OPI_ABI_MINOR},
      std::make_shared<plugins::Breadcrumbs>(subject.scratch / ("breadcrumbs." + std::to_string(::getpid()))), logger,
      refused);
  if (!plugin_) throw Failure(refused.empty() ? "cannot be loaded" : refused.front().message);
}

void Specimen::isolate(const Subject& subject, telemetry::Logger& logger) {
  plugins::SandboxOptions options;
  options.program = program_named("opi-plugin-host");
  std::vector<plugins::Refusal> refused;
  std::vector<std::string> problems;
  isolated_ = plugins::SandboxedPlugin::load(
      {subject.file.string(), subject.file, subject.sha256, plugins::parse_manifest(subject.manifest, problems),
       environment_for(subject.file), "opi-plugin", OPI_ABI_MINOR},
      {options, false, {}}, logger, refused);
  if (!isolated_) throw Failure("in a process of its own: " + refused.front().message);
}

Instance::Instance(const Specimen& specimen, const plugins::Component& component, const Destination& destination,
                   std::uint32_t flags)
    : plugin_(specimen.plugin()), component_(component) {
  const auto& plugin = plugin_;
  if (specimen.isolated() != nullptr && component.kind == plugins::ComponentKind::adapter && flags == 0)
    twin_ = specimen.isolated()->adapter(component, destination, {});
  GuardedMemory memory;
  const auto id = destination.id.to_string();
  const opi_instance_args args{sizeof(opi_instance_args),
                               flags | plugins::instance_flags(destination),
                               raw(memory.copy(component.id)),
                               raw(memory.copy(id)),
                               raw(memory.copy(destination.tenant_id.str())),
                               raw(memory.copy(destination.config)),
                               1,
                               plugin.host(),
                               raw(memory.copy(destination.endpoint))};
  const auto& guarded_args = placed(memory, args, sizeof(opi_instance_args));
  const auto& lifetime = plugin.interface_of<opi_component_v1>(component, OPI_IF_COMPONENT);
  plugins::ErrorSlot slot;
  status_ = plugin.call(plugins::Phase::create,
                        [&] { return lifetime.create(plugin.state(), &guarded_args, &instance_, slot.out()); });
  error_ = slot.text();
  if (twin_) disagreement_ = difference(status_, error_, twin_->refusal());
}

Instance::~Instance() {
  if (status_ != OPI_OK) return;
  const auto& lifetime = plugin_.interface_of<opi_component_v1>(component_, OPI_IF_COMPONENT);
  (void)plugin_.call(plugins::Phase::destroy, [&]() -> opi_status { return lifetime.destroy(instance_), OPI_OK; });
}

const opi_http_adapter_v1& Instance::table() const {
  return plugin_.interface_of<opi_http_adapter_v1>(component_, OPI_IF_HTTP_ADAPTER);
}

bool Instance::sees_faults() const { return (table().flags & OPI_ADAPTER_SEES_TRANSPORT_FAULTS) != 0; }

Rendered Instance::render(const opi_delivery& delivery, const Destination& destination,
                          const secrets::SecretSet& secrets) const {
  plugins::RequestAssembly assembly(component_, destination, secrets);
  plugins::ErrorSlot slot;
  Rendered rendered;
  rendered.status = plugin_.call(plugins::Phase::render,
                                 [&] { return table().render(instance_, &delivery, assembly.out(), slot.out()); });
  rendered.error = slot.text();
  rendered.rendering = rendered.status == OPI_OK ? std::move(assembly).finish(std::string(sample_user_agent))
                                                 : std::move(assembly).fail(rendered.status, rendered.error);
  if (twin_) {
    plugins::RequestAssembly other(component_, destination, secrets);
    const auto end = awaited([&](auto done) { twin_->render(delivery, other.out(), std::move(done)); });
    const auto again = end.status == OPI_OK ? std::move(other).finish(std::string(sample_user_agent))
                                            : std::move(other).fail(end.status, end.error);
    rendered.disagreement = difference(rendered.status, rendered.error, end);
    if (rendered.disagreement.empty() && text_of(rendered.rendering) != text_of(again))
      rendered.disagreement = "renders another request in a process of its own: " + text_of(again);
  }
  return rendered;
}

Interpreted Instance::interpret(const opi_delivery& delivery, const opi_response& response) const {
  const bool knows_steps = OPI_HAS(&delivery, step);
  plugins::VerdictIntake intake(knows_steps && delivery.step + 1 < delivery::StepLimits::steps);
  plugins::ErrorSlot slot;
  Interpreted interpreted;
  interpreted.status = plugin_.call(plugins::Phase::interpret, [&] {
    return table().interpret(instance_, &delivery, &response, intake.out(), {nullptr, nullptr}, slot.out());
  });
  interpreted.error = slot.text();
  interpreted.outcome = intake.outcome();
  interpreted.fault = intake.fault();
  if (twin_) {
    plugins::VerdictIntake other(knows_steps && delivery.step + 1 < delivery::StepLimits::steps);
    const auto end =
        awaited([&](auto done) { twin_->interpret(delivery, response, other.out(), nullptr, std::move(done)); });
    interpreted.disagreement = difference(interpreted.status, interpreted.error, end);
    if (interpreted.disagreement.empty() && text_of(interpreted.outcome) != text_of(other.outcome()))
      interpreted.disagreement = "judges otherwise in a process of its own: " + text_of(other.outcome());
  }
  return interpreted;
}

const opi_delivery& guarded(GuardedMemory& memory, const opi_delivery& delivery, std::size_t size) {
  auto copy = delivery;
  for (const auto text : delivery_texts) copy.*text = moved(memory, copy.*text);
  copy.nonce = moved(memory, copy.nonce);
  copy.carry = moved(memory, copy.carry);
  return placed(memory, copy, size);
}

const opi_response& guarded(GuardedMemory& memory, const opi_response& response, std::size_t size) {
  auto copy = response;
  std::vector<opi_kv> headers;
  for (std::uint64_t i = 0; i < response.n_headers; ++i)
    headers.push_back({moved(memory, response.headers[i].k), moved(memory, response.headers[i].v)});
  copy.headers = static_cast<const opi_kv*>(memory.copy(headers.data(), headers.size() * sizeof(opi_kv)));
  copy.body = moved(memory, response.body);
  return placed(memory, copy, size);
}

bool is_status(opi_status status) { return status <= 0 && status >= OPI_E_NOMEM; }

std::string status_name(opi_status status) {
  const auto number = std::to_string(status);
  if (!is_status(status)) return number + ", which is no status of the ABI";
  return std::string(status_names[static_cast<std::size_t>(-status)]) + " (" + number + ")";
}

}  // namespace opi::tool
