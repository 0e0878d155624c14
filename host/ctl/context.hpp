#pragma once
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "configuration/configuration.hpp"
#include "domain/clock.hpp"

namespace opi::ctl {

class Services;

// What a command works with. The store is opened when a command first asks for the services.
class Context {
 public:
  struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
  };
  // What is given outlives the context. Only doctor runs with a configuration that has errors.
  Context(const configuration::Loaded& loaded, std::string config_file, bool json, const Clock& clock, Random& random,
          const Streams& streams);
  ~Context();

  [[nodiscard]] const configuration::Configuration& configuration() const { return loaded_.configuration; }
  [[nodiscard]] const std::vector<std::string>& configuration_errors() const { return loaded_.errors; }
  [[nodiscard]] const std::string& config_file() const { return config_file_; }
  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  Random& random() { return random_; }
  std::istream& in() { return streams_.in; }
  std::ostream& out() { return streams_.out; }
  std::ostream& err() { return streams_.err; }

  // Throws Failure if the store cannot be used.
  Services& services();

 private:
  const configuration::Loaded& loaded_;
  const std::string config_file_;
  const bool json_;
  const Clock& clock_;
  Random& random_;
  Streams streams_;
  std::unique_ptr<Services> services_;
};

// Who works here, as the audit trail names him: "integrationsctl/<user of the operating system>".
std::string operating_user();

}  // namespace opi::ctl
