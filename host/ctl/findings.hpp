#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "ctl/context.hpp"
#include "delivery/fleet_store.hpp"

namespace opi::ctl {

enum class Level { ok, warning, error };
std::string_view to_string(Level level);

struct Finding {
  Level level = Level::ok;
  std::string check;    // one word or two: "database"
  std::string message;  // what was found
  std::string remedy;   // what to do about it; empty if ok
};

constexpr std::chrono::milliseconds tolerable_skew{2'000};  // of clocks

// What doctor found so far.
class Findings {
 public:
  void ok(std::string check, std::string message) { add({Level::ok, std::move(check), std::move(message), {}}); }
  void warning(std::string check, std::string message, std::string remedy) {
    add({Level::warning, std::move(check), std::move(message), std::move(remedy)});
  }
  void error(std::string check, std::string message, std::string remedy) {
    add({Level::error, std::move(check), std::move(message), std::move(remedy)});
  }
  // What a clock that is off by `skew` means.
  void skew(std::chrono::milliseconds skew, std::string message);
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  [[nodiscard]] long count(Level level) const;
  // Whether a warning or an error was added since `before` findings: if not, a check may say that all is well.
  [[nodiscard]] bool clean_since(std::size_t before) const;

 private:
  void add(Finding finding) { all_.push_back(std::move(finding)); }
  std::vector<Finding> all_;
};

// The examinations, in the order of the screen. None throws for what it finds.
void examine_configuration(const Context& context, Findings& findings);  // values, permissions of its files
void examine_network(const configuration::Configuration& configuration, Findings& findings);  // allow-list, addresses
void examine_state(const configuration::Configuration& configuration, Findings& findings);    // folder, owners, space
// False if the store cannot be used.
bool examine_store(Context& context, Findings& findings);                        // reachable, schema, clock
void examine_fleet(const delivery::FleetStore::Roll& roll, Findings& findings);  // who lives, whose clock is off
void examine_plugins(Context& context, Findings& findings, bool with_store);     // plugins, providers, signing

// Makes all of them and prints what they found: as lines, or with --json as members of `document`. The exit code:
// whether there is any error. `findings` are those that were made before.
int report(Context& context, boost::json::object document, Findings findings = {});

}  // namespace opi::ctl
