#pragma once
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "closed_port.hpp"
#include "daemon_api.hpp"
#include "daemon_process.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "receiver_process.hpp"
#include "scenario.hpp"
#include "state_directory.hpp"
#include "support/postgres_cluster.hpp"
#include "tally.hpp"
#include "terminal.hpp"
#include "verification.hpp"

namespace opi::demo {

// Plays the scenario with the real programs: stages them, hands in the events, shows what happens, tells what became
// of it and whether that was expected.
class Demo {
 public:
  // All but `options` outlive it. Throws std::runtime_error if the scenario cannot be read.
  Demo(Options options, const Interruption& interruption, const Terminal& terminal, std::ostream& out);

  // True if everything was as expected. Throws Interrupted, and std::exception if a program does not do its part; the
  // destructor then ends what runs, and leave() tells where to look.
  bool play();

  // Drains the daemon if it still runs, for a demo that ends early.
  void stop_early() noexcept;
  // Says where the run's files are, or removes them after a good run with --once.
  void leave(bool good);

 private:
  void stage();
  void publish_next();
  void send_again();
  [[nodiscard]] Deliveries read_deliveries() const;
  Deliveries watch();
  bool verify(const Deliveries& deliveries);
  [[nodiscard]] Check check_audit(const std::string& tenant) const;
  bool stop_and_verify();
  void invite();
  void print(const Check& check) const;

  const Options options_;
  const Interruption& interruption_;
  const Terminal& terminal_;
  std::ostream& out_;
  const Scenario scenario_;
  const Expectation expectation_;
  const StateDirectory state_;
  const ClosedPort down_;
  std::vector<std::string> secrets_;               // signing secrets and tokens: what no log may hold
  std::optional<test::PostgresCluster> postgres_;  // with --postgres
  std::optional<ReceiverProcess> receiver_;
  std::optional<DaemonProcess> daemon_;
  std::optional<DaemonApi> api_;
  std::map<std::string, std::vector<DemoEvent>> unsent_;  // by tenant
  PublishCounts published_;
  int sent_again_ = 0;
  bool in_time_ = true;
};

}  // namespace opi::demo
