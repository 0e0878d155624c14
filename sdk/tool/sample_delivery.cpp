#include "sample_delivery.hpp"

#include <array>
#include <boost/json.hpp>

#include "delivery/envelope.hpp"
#include "delivery/idempotency.hpp"
#include "delivery/json_text.hpp"
#include "failure.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

// Members that every envelope has, and what stands for one that is missing: JSON text.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> usual_members{
    {{"event_id", R"("EVT-1001")"},
     {"event_type", R"("alert.created")"},
     {"schema_version", R"("1.0")"},
     {"tenant_id", R"("acme-bank")"},
     {"source", R"("oneprotect.detection")"},
     {"timestamp", R"("2026-11-28T08:00:00Z")"},
     {"payload", "{}"}}};

std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

std::string placeholder(const std::string& slot) { return "<secret:" + slot + ">"; }

secrets::PurposeSecrets one_version(const std::string& slot, const std::string& value) {
  return {slot, {{std::make_shared<const secrets::Secret>(std::string_view{value}), "1"}}, {}};
}

}  // namespace

Event sample_event(std::string_view envelope_json) {
  boost::system::error_code error;
  const auto parsed = json::parse({envelope_json.data(), envelope_json.size()}, error);
  if (error || !parsed.is_object()) throw Failure("event: is not a JSON object of at most 32 levels");
  const auto& given = parsed.get_object();
  // Put together as text: a payload keeps its very numbers.
  std::string text(envelope_json.substr(0, envelope_json.rfind('}')));
  // Producers may not publish the host's own events, but adapters get them.
  std::string host_event_type;
  if (const auto* const type = given.if_contains("event_type");
      type != nullptr && type->is_string() && is_host_event_type(std::string_view{type->get_string()})) {
    host_event_type = type->get_string();
    const auto place = delivery::member_text(envelope_json, "event_type").value();
    text.replace(static_cast<std::size_t>(place.data() - envelope_json.data()), place.size(), R"("alert.created")");
  }
  for (std::string_view separator = given.empty() ? "" : ","; const auto& [name, value] : usual_members) {
    if (given.contains({name.data(), name.size()})) continue;
    text.append(separator).append("\"").append(name).append("\":").append(value);
    separator = ",";
  }
  auto result = delivery::parse_envelope(text + "}");
  if (auto* const read = std::get_if<delivery::ParsedEvent>(&result)) {
    if (!host_event_type.empty()) read->event.event_type = host_event_type;
    return std::move(read->event);
  }
  std::string all = "event:";
  for (const auto& fault : std::get<std::vector<delivery::FieldError>>(result))
    all += (all.back() == ':' ? " " : "; ") + fault.field + (fault.field.empty() ? "" : " ") + fault.message;
  throw Failure(all);
}

Destination sample_destination(const TenantId& tenant, const std::string& adapter, const std::string& endpoint,
                               const std::string& config_json) {
  Destination destination;
  destination.tenant_id = tenant;
  destination.id = *DestinationId::parse("0193a000-0000-7000-8000-000000000001");
  destination.name = "sample";
  destination.adapter = adapter;
  destination.endpoint = endpoint;
  destination.config = config_json;
  destination.revision = 1;
  return destination;
}

secrets::SecretSet placeholder_secrets(const std::vector<std::string>& slots) {
  secrets::SecretSet set;
  for (const auto& slot : slots) set.purposes.push_back(one_version(slot, placeholder(slot)));
  return set;
}

secrets::SecretSet url_secrets(const std::vector<std::string>& slots, const std::string& endpoint,
                               const std::string& path) {
  secrets::SecretSet set;
  for (const auto& slot : slots)
    set.purposes.push_back(one_version(slot, origin_of(endpoint) + "/" + (path.empty() ? "secret-" + slot : path)));
  return set;
}

SampleDelivery::SampleDelivery(Event event, Destination destination)
    : now(*parse_rfc3339(sample_now)),
      event_(std::move(event)),
      destination_(std::move(destination)),
      id_(*DeliveryId::parse("0193a000-0000-7000-8000-000000000002")),
      key_(delivery::idempotency_key(event_.tenant_id, destination_.id, event_.event_id)) {}

delivery::AttemptContext SampleDelivery::context() const {
  delivery::AttemptContext context{event_, destination_, id_, key_};
  context.attempt_number = attempt;
  context.now = now;
  context.created_at = now;
  context.step = step;
  context.carry = carry;
  context.prior_ref = prior_ref;
  context.prior_url = prior_url;
  return context;
}

delivery::Rendering SampleDelivery::render(const delivery::Adapter& adapter,
                                           const std::vector<std::string>& slots) const {
  auto secrets = placeholder_secrets(slots);
  auto rendering = adapter.render(context(), secrets);
  if (rendering.ok || !rendering.url_is_secret) return rendering;
  for (auto& purpose : secrets.purposes)
    if (purpose.purpose == rendering.unusable_purpose)
      purpose = one_version(purpose.purpose, origin_of(destination_.endpoint) + "/" + placeholder(purpose.purpose));
  return adapter.render(context(), secrets);
}

}  // namespace opi::tool
