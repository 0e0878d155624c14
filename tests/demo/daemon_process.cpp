#include "daemon_process.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>

#include "http_client.hpp"

namespace opi::demo {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

// Long, because a test machine may be busy and the programs may run under sanitizers; waited for in full only if
// something is wrong.
constexpr auto start_timeout = 60s, stop_timeout = 30s;

}  // namespace

DaemonProcess::DaemonProcess(const std::filesystem::path& programs, const StateDirectory& state,
                             const Interruption& interruption)
    : log_(state.path() / "integrationsd.log"),
      errors_(state.path() / "integrationsd.err"),
      process_({programs / "integrationsd", {"--config", (state.path() / "integrationsd.conf").string()}, errors_}) {
  wait_until_ready(interruption);
}

void DaemonProcess::wait_until_ready(const Interruption& interruption) {
  const auto deadline = std::chrono::steady_clock::now() + start_timeout;
  for (;;) {
    if (const auto status = ended()) {
      const auto words = last_words(errors_);
      throw std::runtime_error("integrationsd ended at its start with " + to_string(*status) + ": " +
                               (words.empty() ? last_words(log_) : words));
    }
    if (port_ == 0) find_logged_ports();
    if (port_ != 0 && HttpClient(status_port_).get("/readyz").status == 200) return;
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("integrationsd does not become ready; see " + log_.string());
    interruption.pause(20ms);
  }
}

void DaemonProcess::find_logged_ports() {
  std::ifstream log(log_);
  for (std::string line; std::getline(log, line);) {
    if (line.find(R"("event":"daemon.started")") == std::string::npos) continue;
    boost::system::error_code incomplete;  // the line's end may not be written yet
    const auto entry = json::parse(line, incomplete);
    if (incomplete) return;
    port_ = entry.at("api_port").to_number<std::uint16_t>();
    status_port_ = entry.at("status_port").to_number<std::uint16_t>();
  }
}

ExitStatus DaemonProcess::stop() {
  process_.terminate();
  const auto status = process_.wait(stop_timeout);
  if (!status) throw std::runtime_error("integrationsd does not end after SIGTERM; see " + log_.string());
  return *status;
}

}  // namespace opi::demo
