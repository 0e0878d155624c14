#include "golden_case.hpp"

#include <algorithm>

#include "delivery/json_text.hpp"
#include "exchange_documents.hpp"
#include "failure.hpp"
#include "json_layout.hpp"
#include "sample_delivery.hpp"
#include "text_file.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

// The verdict as a person may write it: with members that say nothing.
json::value without_empties(const json::value& verdict) {
  if (!verdict.is_object()) return verdict;
  json::object kept;
  for (const auto& [name, value] : verdict.get_object())
    if (value != json::value("") && value != json::value(0) && value != json::value(false)) kept[name] = value;
  return kept;
}

std::vector<std::string> slots_of(const json::object& document, const plugins::Component& component) {
  std::vector<std::string> slots;
  const auto* const named = document.if_contains("slots");
  if (named == nullptr) {
    for (const auto& slot : component.slots) slots.push_back(slot.name);
    return slots;
  }
  if (!named->is_array()) throw Failure("\"slots\" is not an array");
  for (const auto& name : named->get_array()) {
    const auto known =
        std::ranges::find_if(component.slots, [&](const auto& slot) { return name == json::value(slot.name); });
    if (known == component.slots.end()) throw Failure("\"slots\" names something that is no slot of the adapter");
    slots.push_back(known->name);
  }
  return slots;
}

std::unique_ptr<SampleDelivery> delivery_of(const json::object& document, std::string_view text,
                                            const std::string& adapter) {
  const auto event_text = delivery::member_text(text, "event");
  auto event = sample_event(event_text.value_or("{}"));
  const auto endpoint = text_member(document, "endpoint");
  if (endpoint.empty()) throw Failure("\"endpoint\" is missing");
  const auto* const config = document.if_contains("config");
  auto destination = sample_destination(event.tenant_id, adapter, endpoint,
                                        config == nullptr ? "{}" : std::string(*delivery::member_text(text, "config")));
  if (flag_member(document, "unsigned_allowed")) destination.signing = SigningRule::disabled;
  auto delivery = std::make_unique<SampleDelivery>(std::move(event), std::move(destination));
  delivery->attempt = static_cast<int>(number_member(document, "attempt", 1, 1, 1'000'000));
  delivery->step = static_cast<int>(number_member(document, "step", 0, 0, delivery::StepLimits::steps - 1));
  delivery->carry = text_member(document, "carry");
  delivery->prior_ref = text_member(document, "prior_ref");
  delivery->prior_url = text_member(document, "prior_url");
  const auto now = parse_rfc3339(text_member(document, "now", std::string(sample_now)));
  if (!now) throw Failure("\"now\" is not a time such as " + std::string(sample_now));
  delivery->now = *now;
  return delivery;
}

json::array exchanges_of(const json::object& document) {
  const auto* const exchanges = document.if_contains("exchanges");
  if (exchanges == nullptr) return {};
  if (!exchanges->is_array()) throw Failure("\"exchanges\" is not an array");
  return exchanges->get_array();
}

// Sets a member in its place, or at the end.
void put(json::object& object, const char* name, json::value value) { object[name] = std::move(value); }

}  // namespace

GoldenCase::GoldenCase(const std::filesystem::path& file)
    : file_(file), text_(read_text(file)), document_(parse_object(file, text_)) {
  try {
    refuse_other_members(document_, {"config", "endpoint", "event", "attempt", "step", "carry", "prior_ref",
                                     "prior_url", "now", "slots", "unsigned_allowed", "request", "error", "exchanges"});
  } catch (const Failure& failure) {
    throw Failure(file.string() + ": " + failure.what());
  }
}

json::object GoldenCase::played(const PluginBench& bench, const std::string& component) const {
  try {
    return play(bench, component);
  } catch (const Failure& failure) {
    throw Failure(file_.string() + ": " + failure.what());
  }
}

json::object GoldenCase::play(const PluginBench& bench, const std::string& component_id) const {
  const auto& component = bench.adapter_component(component_id);
  const auto delivery = delivery_of(document_, text_, component.id);
  const auto slots = slots_of(document_, component);
  auto result = document_;
  const auto fail = [&](const std::string& why) {
    result.erase("request");
    put(result, "error", json::value(why));
  };

  std::unique_ptr<plugins::PluginAdapter> adapter;
  try {
    adapter = bench.adapter(component, delivery->destination());
  } catch (const Failure& refused) {
    if (!exchanges_of(document_).empty()) throw;
    fail(refused.what());
    return result;
  }
  const auto rendering = delivery->render(*adapter, slots);
  if (rendering.ok) {
    result.erase("error");
    put(result, "request", request_document(rendering.request));
  } else {
    fail(rendering.error);
  }

  auto exchanges = exchanges_of(document_);
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    const auto where = "exchanges/" + std::to_string(i) + ": ";
    auto* const exchange = exchanges[i].if_object();
    const auto* const response = exchange == nullptr ? nullptr : exchange->if_contains("response");
    if (response == nullptr || !response->is_object()) throw Failure(where + "has no \"response\" object");
    try {
      refuse_other_members(*exchange, {"response", "verdict"});
      const auto outcome = adapter->interpret(delivery->context(), response_of(response->get_object()));
      put(*exchange, "verdict", verdict_document(outcome));
    } catch (const Failure& failure) {
      throw Failure(where + failure.what());
    }
  }
  if (!exchanges.empty()) put(result, "exchanges", std::move(exchanges));
  return result;
}

std::vector<Difference> GoldenCase::differences_from(const json::object& played) const {
  auto expected = document_;
  auto exchanges = exchanges_of(expected);
  for (auto& exchange : exchanges)
    if (auto* const verdict = exchange.get_object().if_contains("verdict")) *verdict = without_empties(*verdict);
  if (!exchanges.empty()) put(expected, "exchanges", std::move(exchanges));
  return differences(expected, played);
}

std::string GoldenCase::updated(const json::object& played) const {
  std::string out;
  for (const auto& [name, value] : played) {
    out += (out.empty() ? "{\n  " : ",\n  ") + json::serialize(name) + ": ";
    const auto given = delivery::member_text(text_, std::string_view{name});
    const bool is_result = name == "request" || name == "error" || name == "exchanges";
    out += given && !is_result ? std::string(*given) : laid_out(value, 1);
  }
  return out + "\n}\n";
}

}  // namespace opi::tool
