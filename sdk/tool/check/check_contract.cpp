#include <boost/json.hpp>
#include <stdexcept>

#include "check/adapter_cases.hpp"
#include "check/checks.hpp"
#include "check/entry.hpp"
#include "silent_logger.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

constexpr std::uint32_t unknown_mandatory = 0x80000000u, unknown_optional = 0x00008000u;
constexpr const char* status_remedy =
    "return a status of opi/abi.h, with a text for people on failure; give one sound verdict to every response";

class ContractCheck {
 public:
  ContractCheck(const Specimen& specimen, Report& report)
      : specimen_(specimen), plugin_(specimen.plugin()), report_(report) {}

  void of_entry(const Entry& entry) {
    report_.step("the entry and get_interface()");
    const auto& table = entry.table();
    if (table.min_host_minor > plugin_.manifest().abi_minor)
      find("its table needs ABI 1." + std::to_string(table.min_host_minor) + ", its manifest says 1." +
               std::to_string(plugin_.manifest().abi_minor),
           "let \"abi\" in the manifest and OPI_TARGET_MINOR agree: opi_add_plugin() sees to it");
    if (!entry.is_constant()) find("its entry answers with another table each time", "return one constant table");
    for (const auto& component : plugin_.manifest().components) {
      const auto* const first = entry.interface_of(component.id, OPI_IF_COMPONENT);
      if (first != entry.interface_of(component.id, OPI_IF_COMPONENT))
        find("get_interface() answers with another table each time", "return constant tables");
      if (entry.interface_of(component.id, "opi.unheard.of/1") != nullptr)
        find("get_interface() has a table for an interface that does not exist",
             "return NULL for what you do not know");
    }
    if (entry.interface_of("no-such-component", OPI_IF_COMPONENT) != nullptr)
      find("get_interface() has a table for a component that does not exist", "return NULL for what you do not know");
  }

  void of_component(const plugins::Component& component) {
    of_examples(component);
    const auto configs = example_configs(component);
    if (configs.empty())
      return find(component.id + ": no configuration can be made up from its schema",
                  "give the schema \"examples\": [ { … } ] with a whole configuration");
    bool created = false;
    for (const auto& config : configs) created = of_config(component, config) || created;
    if (!created)
      find(component.id + ": refuses every configuration of its schema: " + refused_,
           "give the schema \"examples\": [ { … } ] with a whole configuration");
    of_wrong_configs(component);
  }

 private:
  void find(const std::string& message, const std::string& remedy) { report_.finding(message, remedy); }

  // The schema's own examples must satisfy it, and the plugin must take them.
  void of_examples(const plugins::Component& component) {
    const auto schema = json::parse(component.config_schema_json);
    const auto* const examples = schema.get_object().if_contains("examples");
    if (examples == nullptr || !examples->is_array()) return;
    for (std::size_t i = 0; i < examples->get_array().size(); ++i) {
      const auto where = component.id + ": example " + std::to_string(i) + " of its schema";
      const auto config = json::serialize(examples->get_array()[i]);
      report_.step("create() with " + where);
      if (const auto faults = component.config_schema.check(config); !faults.empty()) {
        find(where + " does not satisfy it: " + faults.front().path + " " + faults.front().message,
             "correct the example");
        continue;
      }
      const Instance instance(specimen_, component, destination(component, config));
      if (instance.status() != OPI_OK)
        find(where + " is refused by create(): " + instance.error(), "take what the schema promises");
    }
  }

  // True if instances can be made of it; of an adapter, they are tried.
  bool of_config(const plugins::Component& component, const std::string& config) {
    report_.step(component.id + ": create() and destroy()");
    const auto where = destination(component, config);
    const Instance instance(specimen_, component, where);
    report_fault(component.id + ": create()",
                 fault_of(Rendered{instance.status(), instance.error(), {}, instance.disagreement()}));
    if (instance.status() != OPI_OK) return refused_ = instance.error(), false;
    const Instance another(specimen_, component, where);
    if (another.status() != OPI_OK)
      find(component.id + ": create() takes a configuration once and then refuses it", "keep no state of instances");
    report_.step(component.id + ": create() with mandatory flags that nobody knows");
    const Instance flagged(specimen_, component, where, unknown_mandatory);
    if (flagged.status() == OPI_OK) find(component.id + ": create() takes" + unknown_flags, flags_remedy);
    if (component.kind == plugins::ComponentKind::adapter) of_adapter(instance, where);
    if (component.kind == plugins::ComponentKind::secret_provider) of_provider(component, config);
    return true;
  }

  // What create() takes in the daemon it takes where it can reach what the manifest declares, and nothing else.
  void of_provider(const plugins::Component& component, const std::string& config) {
    if (specimen_.isolated() == nullptr) return;
    report_.step(component.id + ": create() in a process of its own");
    try {
      (void)specimen_.isolated()->provider(component, config);
    } catch (const std::runtime_error& refusal) {
      find(component.id + ": create() takes it, but in a process of its own refuses it: " + refusal.what(),
           "have the manifest declare what it \"needs\"");
    }
  }

  void of_adapter(const Instance& instance, const Destination& where) {
    bool rendered = false;
    std::string why;
    for (const auto& event : example_events(instance.component())) {
      const SampleDelivery sample(event, where);
      const plugins::DeliveryView view(sample.context());
      const auto result = render(instance, *view.get(), where, "render() of a sample");
      rendered = rendered || result.rendering.ok;
      if (!result.rendering.ok) why = result.rendering.error;
      of_structs(instance, where, *view.get());
    }
    if (!rendered)
      find(instance.component().id + ": renders none of its samples: " + why,
           "give the manifest \"samples\" of events that it is for");
  }

  // The delivery as older and newer hosts have it, with nothing in what may be empty, and numbers at their edges.
  void of_structs(const Instance& instance, const Destination& where, const opi_delivery& usual) {
    auto sparse = usual;
    for (auto* const text : {&sparse.correlation_id, &sparse.causation_id, &sparse.alert_id, &sparse.evidence_id,
                             &sparse.ticket_id, &sparse.prior_ref, &sparse.prior_url})
      *text = {nullptr, 0};
    sparse.attempt = UINT32_MAX;
    sparse.now_unix_ms = sparse.created_unix_ms = 0;
    render(instance, sparse, where, "render() of a delivery with empty texts");
    auto later = usual;
    later.flags |= unknown_optional;
    later.step = delivery::StepLimits::steps - 1;
    later.now_unix_ms = 253'402'300'799'999;  // the end of the year 9999
    render(instance, later, where, "render() of a delivery from a newer host", sizeof(opi_delivery) + 64);
    auto strange = usual;
    strange.flags |= unknown_mandatory;
    if (render(instance, strange, where, "render() with mandatory flags that nobody knows").status == OPI_OK)
      find(instance.component().id + ": render() takes" + unknown_flags, flags_remedy);
    const auto oldest = offsetof(opi_delivery, step);
    if (plugin_.manifest().abi_minor == 0)
      render(instance, usual, where, "render() of a delivery from a host of ABI 1.0", oldest);
    of_responses(instance, usual);
  }

  void of_responses(const Instance& instance, const opi_delivery& usual) {
    opi_response response{sizeof(opi_response), 0, 200, OPI_TRANSPORT_OK, 1, 1, nullptr, 0, {nullptr, 0}};
    for (const std::uint32_t status : {100u, 199u, 200u, 299u, 302u, 401u, 410u, 429u, 599u, 999u, UINT32_MAX}) {
      response.status = status;
      interpret(instance, usual, response, "interpret() of status " + std::to_string(status));
    }
    response.flags = unknown_optional;
    interpret(instance, usual, response, "interpret() of a response from a newer host", sizeof(opi_response) + 64);
    if (instance.sees_faults())
      for (const std::uint32_t transport : {1u, 5u, 8u, 99u, UINT32_MAX}) {
        response.status = 0;
        response.transport = transport;
        interpret(instance, usual, response, "interpret() of transport " + std::to_string(transport));
      }
  }

  Rendered render(const Instance& instance, const opi_delivery& delivery, const Destination& where,
                  const std::string& what, std::size_t size = sizeof(opi_delivery)) {
    report_.step(instance.component().id + ": " + what);
    std::vector<std::string> slots;
    for (const auto& slot : instance.component().slots) slots.push_back(slot.name);
    GuardedMemory memory;
    auto result = instance.render(guarded(memory, delivery, size), where, url_secrets(slots, where.endpoint));
    report_fault(instance.component().id + ": " + what, fault_of(result));
    return result;
  }

  void interpret(const Instance& instance, const opi_delivery& delivery, const opi_response& response,
                 const std::string& what, std::size_t size = sizeof(opi_response)) {
    report_.step(instance.component().id + ": " + what);
    GuardedMemory memory;
    const auto result = instance.interpret(guarded(memory, delivery), guarded(memory, response, size));
    report_fault(instance.component().id + ": " + what, fault_of(result));
  }

  // What is wrong is refused as such; an adapter may leave to the schema what the schema checks.
  void of_wrong_configs(const plugins::Component& component) {
    for (const auto& config : wrong_configs(component)) {
      if (component.config_schema.check(config).empty()) continue;
      report_.step(component.id + ": create() with the wrong configuration " + config.substr(0, 200));
      const Instance instance(specimen_, component, destination(component, config));
      if (instance.status() == OPI_OK || instance.status() == OPI_E_UNSUPPORTED) continue;
      const auto what = component.id + ": create() with the wrong configuration " + config.substr(0, 80);
      if (instance.status() != OPI_E_INVALID)
        find(what + " fails with " + status_name(instance.status()) + ": " + instance.error(),
             "refuse it with OPI_E_INVALID and name the field");
      if (instance.error().empty()) find(what + " fails without a text", status_remedy);
    }
  }

  void report_fault(const std::string& what, const std::string& fault) {
    if (!fault.empty()) find(what + ": " + fault, status_remedy);
  }

  static Destination destination(const plugins::Component& component, const std::string& config) {
    return sample_destination(*TenantId::parse("acme-bank"), component.id, example_endpoint(component), config);
  }

  static constexpr const char* unknown_flags = " mandatory flags that it cannot know";
  static constexpr const char* flags_remedy =
      "refuse what has unknown flags in the upper 16 bits, with OPI_E_UNSUPPORTED";
  const Specimen& specimen_;
  const plugins::LoadedPlugin& plugin_;
  Report& report_;
  std::string refused_;
};

}  // namespace

void check_contract(const Subject& subject, Report& report) {
  SilentLogger logger;
  Specimen specimen(subject, logger);
  if (subject.isolated_too) specimen.isolate(subject, logger);
  ContractCheck check(specimen, report);
  check.of_entry(Entry(subject.file, specimen.plugin().state()));
  for (const auto& component : specimen.plugin().manifest().components) check.of_component(component);
  report.step("shutdown()");
}

}  // namespace opi::tool
