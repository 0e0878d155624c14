#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <semaphore>
#include <thread>

#include "bench/machine.hpp"
#include "bench/measurements.hpp"
#include "bench/workload.hpp"
#include "egress/http_transport.hpp"
#include "egress/system_resolver.hpp"
#include "identity/token.hpp"
#include "receiver/receiver.hpp"
#include "runtime/system_clock.hpp"

namespace opi::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t api_port = 18480;
constexpr auto poll = std::chrono::milliseconds{2};

// The daemon as a child process; ends with this object.
class DaemonProcess {
 public:
  DaemonProcess(const Database& database, const fs::path& folder) {
    const fs::path own = fs::read_symlink("/proc/self/exe").parent_path();
    std::vector<std::string> settings{"general.environment=test",
                                      "general.state_directory=" + (folder / "state").string(),
                                      "secret_provider.local.directory=" + (folder / "secrets").string(),
                                      "plugins.directory=" + (own.parent_path() / "lib/plugins").string(),
                                      "egress.allow=127.0.0.0/8",
                                      "api.port=" + std::to_string(api_port),
                                      "api.requests_per_second=1000000",  // a limit is not what is measured
                                      "api.request_burst=1000000",
                                      "status.port=0",
                                      "log.file=" + (folder / "daemon.log").string()};
    for (auto& setting : database.settings()) settings.push_back(std::move(setting));
    std::vector<std::string> arguments{(own / "integrationsd").string()};
    for (const auto& setting : settings) {
      arguments.push_back("--set");
      arguments.push_back(setting);
    }
    process_ = fork();
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      std::vector<char*> raw;
      for (auto& argument : arguments) raw.push_back(argument.data());
      raw.push_back(nullptr);
      execv(raw[0], raw.data());
      _exit(127);
    }
  }
  ~DaemonProcess() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  [[nodiscard]] pid_t id() const { return process_; }

 private:
  pid_t process_ = -1;
};

void write_secrets(const Workload& workload, const fs::path& folder) {
  fs::create_directories(folder / "state");
  chmod((folder / "state").c_str(), 0700);
  for (const auto& tenant : workload.tenant_list) {
    const fs::path place = folder / "secrets" / tenant.id.str() / "signing" / "main";
    fs::create_directories(place);
    std::ofstream(place / "1") << "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    chmod((place / "1").c_str(), 0600);
  }
}

// Until the receiver has all of them and the outbox is empty.
void wait_for_end(const Database& database, const receiver::Receiver& receiver, std::size_t count) {
  const double deadline = now_seconds() + 300;
  const auto check = [&] {
    if (now_seconds() > deadline)
      throw std::runtime_error("the daemon delivered only " + std::to_string(receiver.bench_requests()));
    std::this_thread::sleep_for(poll);
  };
  while (receiver.bench_requests() < count) check();
  while (database.outbox_rows() > 0) check();
}

class Measurement {
 public:
  Measurement(const Database& database, pid_t daemon)
      : database_(database),
        daemon_(daemon),
        wal_(database.wal_bytes()),
        written_(process_written_bytes(daemon)),
        cpu_(machine_cpu_seconds()),
        daemon_cpu_(process_cpu_seconds(daemon)),
        start_(now_seconds()) {}
  [[nodiscard]] Rate end(std::size_t count) const {
    const auto each = [count](double total) { return total / static_cast<double>(count); };
    Rate rate;
    rate.count = count;
    rate.seconds = now_seconds() - start_;
    rate.machine_cpu_us_each = each((machine_cpu_seconds() - cpu_) * 1e6);
    rate.daemon_cpu_us_each = each((process_cpu_seconds(daemon_) - daemon_cpu_) * 1e6);
    const double wal = database_.wal_bytes() - wal_;
    rate.bytes_each = each(wal > 0 ? wal : static_cast<double>(process_written_bytes(daemon_) - written_));
    return rate;
  }

 private:
  const Database& database_;
  const pid_t daemon_;
  const double wal_;
  const std::uint64_t written_;
  const double cpu_, daemon_cpu_, start_;
};

std::vector<std::string> issue_tokens(stores::Stores& stores, const Workload& workload, const Clock& clock,
                                      Random& random) {
  std::vector<std::string> tokens;
  for (const auto& tenant : workload.tenant_list) {
    auto issued = identity::issue_token(Role::producer, tenant.id, "bench", clock.unix_now(), {}, random);
    audit::Entry entry;
    entry.tenant = tenant.id;
    entry.at = clock.unix_now();
    entry.actor_id = "bench";
    entry.action = audit::Action::token_issued;
    stores.tokens->insert(issued.record, entry);
    tokens.push_back(issued.text);
  }
  return tokens;
}

// Posts all events over the API, several requests at a time.
void publish(const Workload& workload, const std::vector<std::string>& tokens, std::size_t count) {
  constexpr std::size_t per_request = 100;
  constexpr std::ptrdiff_t in_flight = 16;
  egress::SystemResolver resolver;
  std::string error;
  egress::HttpTransport transport(
      resolver, egress::AddressGuard(egress::parse_allow_list(std::vector<std::string>{"127.0.0.0/8"}, error)), {});
  std::counting_semaphore<> slots(in_flight);
  std::atomic<int> refused = 0;
  for (std::size_t at = 0; at < count / Workload::tenants; at += per_request)
    for (std::size_t tenant = 0; tenant < Workload::tenants; ++tenant) {
      slots.acquire();
      delivery::HttpRequest request{
          "POST",
          "http://127.0.0.1:" + std::to_string(api_port) + "/api/v1/events",
          {{"Content-Type", "application/x-ndjson"}, {"Authorization", "Bearer " + tokens[tenant]}},
          workload.ndjson(tenant, at, per_request),
          std::chrono::seconds{30}};
      transport.send(std::move(request), [&](delivery::HttpResponse&& response) {
        refused += response.status != 202;
        slots.release();
      });
    }
  for (std::ptrdiff_t i = 0; i < in_flight; ++i) slots.acquire();
  if (refused > 0) throw std::runtime_error("the daemon refused events");
}

}  // namespace

Rate daemon_drain(const Database& database, std::size_t count, const fs::path& folder) {
  constexpr std::size_t batch = 500;
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  receiver::Receiver receiver(receiver::ReceiverOptions{.verify = false});
  const Workload workload(receiver.url("/bench"), true);
  write_secrets(workload, folder);
  {
    auto stores = database.open(clock);
    workload.store(*stores.catalog, clock);
    const auto revision = stores.catalog->revision();
    for (std::size_t at = 0; at < count; at += batch)
      stores.deliveries->insert(workload.events(at, std::min(batch, count - at), clock, random), revision);
  }
  database.settle_down();
  const DaemonProcess daemon(database, folder);
  while (receiver.bench_requests() == 0) std::this_thread::sleep_for(std::chrono::microseconds{200});
  const Measurement measurement(database, daemon.id());
  wait_for_end(database, receiver, count);
  return measurement.end(count);
}

Rate daemon_full(const Database& database, std::size_t count, const fs::path& folder) {
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  receiver::Receiver receiver(receiver::ReceiverOptions{.verify = false});
  const Workload workload(receiver.url("/bench"), true);
  write_secrets(workload, folder);
  std::vector<std::string> tokens;
  {
    auto stores = database.open(clock);
    workload.store(*stores.catalog, clock);
    tokens = issue_tokens(stores, workload, clock, random);
  }
  const DaemonProcess daemon(database, folder);
  std::this_thread::sleep_for(std::chrono::seconds{2});  // its start is not what is measured
  const Measurement measurement(database, daemon.id());
  publish(workload, tokens, count);
  wait_for_end(database, receiver, count);
  return measurement.end(count);
}

}  // namespace opi::bench
