#include "check/adapter_cases.hpp"

namespace opi::tool {
namespace {

std::string fault_of_status(opi_status status, const std::string& error) {
  if (status == OPI_OK) return {};
  if (!is_status(status) || status == OPI_E_EXCEPTION)
    return "ends with " + status_name(status) + (error.empty() ? "" : ": " + error);
  return error.empty() ? "fails with " + status_name(status) + " and without a text" : "";
}

}  // namespace

std::vector<AdapterCase> adapter_cases(const Specimen& specimen, const std::string& secret, const std::string& token) {
  std::vector<AdapterCase> cases;
  for (const auto& component : specimen.plugin().manifest().components) {
    if (component.kind != plugins::ComponentKind::adapter) continue;
    std::vector<std::string> slots;
    for (const auto& slot : component.slots) slots.push_back(slot.name);
    for (const auto& config : example_configs(component))
      for (const auto& event : example_events(component)) {
        auto destination =
            sample_destination(event.tenant_id, component.id, example_endpoint(component, token), config);
        AdapterCase made;
        made.instance = std::make_unique<Instance>(specimen, component, destination);
        if (made.instance->status() != OPI_OK) continue;
        made.sample = std::make_unique<SampleDelivery>(event, std::move(destination));
        made.secrets = url_secrets(slots, made.sample->destination().endpoint, secret);
        cases.push_back(std::move(made));
      }
  }
  return cases;
}

std::string fault_of(const Rendered& rendered) {
  if (!rendered.disagreement.empty()) return rendered.disagreement;
  return fault_of_status(rendered.status, rendered.error);
}

std::string fault_of(const Interpreted& interpreted) {
  if (!interpreted.disagreement.empty()) return interpreted.disagreement;
  if (auto fault = fault_of_status(interpreted.status, interpreted.error); !fault.empty()) return fault;
  if (interpreted.status != OPI_OK) return "fails with " + status_name(interpreted.status) + ": " + interpreted.error;
  return interpreted.outcome ? "" : interpreted.fault;
}

}  // namespace opi::tool
