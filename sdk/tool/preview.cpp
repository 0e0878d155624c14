#include <iostream>

#include "arguments.hpp"
#include "check/examples.hpp"
#include "commands.hpp"
#include "exchange_documents.hpp"
#include "failure.hpp"
#include "json_layout.hpp"
#include "plugin_bench.hpp"
#include "sample_delivery.hpp"
#include "silent_logger.hpp"
#include "text_file.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

Event event_of(const Arguments& arguments, const plugins::Component& component) {
  if (const auto file = arguments.get("--event")) {
    if (arguments.has("--sample")) throw Failure("--event and --sample: only one of them");
    try {
      return sample_event(read_text(*file));
    } catch (const Failure& failure) {
      throw Failure(*file + ": " + failure.what());
    }
  }
  const auto events = example_events(component);
  return events[arguments.number("--sample", 0, 0, events.size() - 1)];
}

std::string config_of(const Arguments& arguments, const plugins::Component& component) {
  if (const auto file = arguments.get("--config")) return read_text(*file);
  const auto configs = example_configs(component);
  if (configs.empty()) throw Failure("--config: is needed; none can be made up from the schema of " + component.id);
  return configs.front();
}

// As it goes over the wire, but with a body of JSON laid out.
void print_request(const delivery::HttpRequest& request) {
  std::cout << request.method << " " << request.url << "\n";
  for (const auto& header : request.headers) std::cout << header.name << ": " << header.value << "\n";
  if (request.body.empty()) return;
  const auto document = request_document(request);
  const auto& body = document.at("body");
  std::cout << "\n" << (body.is_string() ? std::string(body.get_string()) : laid_out(body)) << "\n";
}

}  // namespace

int preview(const std::vector<std::string>& words) {
  const Arguments arguments(words, {{"--component"},
                                    {"--config"},
                                    {"--event"},
                                    {"--sample"},
                                    {"--endpoint"},
                                    {"--step"},
                                    {"--carry"},
                                    {"--prior-ref"},
                                    {"--prior-url"},
                                    {"--response", true, true}});
  if (arguments.positional().size() != 1) throw Failure("preview: needs one FILE.so");
  SilentLogger logger;
  const PluginBench bench(arguments.positional().front(), logger);
  const auto& component = bench.adapter_component(arguments.get("--component").value_or(""));
  auto event = event_of(arguments, component);
  const auto tenant = event.tenant_id;
  SampleDelivery sample(
      std::move(event),
      sample_destination(tenant, component.id, arguments.get("--endpoint").value_or(example_endpoint(component)),
                         config_of(arguments, component)));
  sample.step = static_cast<int>(arguments.number("--step", 0, 0, delivery::StepLimits::steps - 1));
  sample.carry = arguments.get("--carry").value_or("");
  sample.prior_ref = arguments.get("--prior-ref").value_or("");
  sample.prior_url = arguments.get("--prior-url").value_or("");
  const auto adapter = bench.adapter(component, sample.destination());
  std::vector<std::string> slots;
  for (const auto& slot : component.slots) slots.push_back(slot.name);

  const auto files = arguments.all("--response");
  for (auto file = files.begin();; ++file) {
    const auto rendering = sample.render(*adapter, slots);
    if (!rendering.ok) {
      std::cout << "no request: " << rendering.error << "\n";
      return exit_findings;
    }
    print_request(rendering.request);
    if (file == files.end()) return exit_ok;
    delivery::HttpResponse response;
    try {
      response = response_of(parse_object(*file, read_text(*file)));
    } catch (const Failure& failure) {
      throw Failure(std::string(failure.what()).starts_with(*file) ? failure.what() : *file + ": " + failure.what());
    }
    const auto outcome = adapter->interpret(sample.context(), response);
    std::cout << "\n-> " << compact(verdict_document(outcome)) << "\n";
    if (outcome.verdict != Verdict::proceed) {
      if (file + 1 != files.end()) throw Failure(*(file + 1) + ": the delivery ended with the response before");
      return exit_ok;
    }
    std::cout << "\n";
    ++sample.step;
    sample.carry = outcome.carry;
  }
}

}  // namespace opi::tool
