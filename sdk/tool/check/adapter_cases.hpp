#pragma once
#include <memory>
#include <vector>

#include "check/examples.hpp"
#include "check/specimen.hpp"

namespace opi::tool {

// One adapter with one of its example configurations and one of its example events.
struct AdapterCase {
  std::unique_ptr<Instance> instance;
  std::unique_ptr<SampleDelivery> sample;
  secrets::SecretSet secrets;

  [[nodiscard]] const std::string& name() const { return instance->component().id; }
  [[nodiscard]] Rendered render(const opi_delivery& delivery) const {
    return instance->render(delivery, sample->destination(), secrets);
  }
};

// Every pair of an adapter's example configurations and events, without the configurations that it refuses. `secret` is
// in each slot, as the path of a URL, for a slot may be the endpoint; `token` in the endpoint's query.
std::vector<AdapterCase> adapter_cases(const Specimen& specimen, const std::string& secret = {},
                                       const std::string& token = "t0k3n");

// What is wrong with how a call came back; empty: nothing. A render may fail, an interpret may not.
std::string fault_of(const Rendered& rendered);
std::string fault_of(const Interpreted& interpreted);

}  // namespace opi::tool
