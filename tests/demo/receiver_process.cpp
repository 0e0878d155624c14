#include "receiver_process.hpp"

#include <boost/json.hpp>
#include <stdexcept>

#include "http_client.hpp"

namespace opi::demo {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// Long, because a test machine may be busy and the programs may run under sanitizers; waited for in full only if
// something is wrong.
constexpr std::chrono::seconds start_timeout{60}, stop_timeout{30};

}  // namespace

ReceiverProcess::ReceiverProcess(const fs::path& programs, const StateDirectory& state, const fs::path& secrets_file)
    : process_(
          {programs / "opi-demo-receiver", {"--secret-file", secrets_file.string()}, state.path() / "receiver.log"}) {
  const auto line = process_.read_line(start_timeout);
  if (!line) throw std::runtime_error("opi-demo-receiver does not start: " + last_words(state.path() / "receiver.log"));
  port_ = json::parse(*line).at("port").to_number<std::uint16_t>();
}

std::string ReceiverProcess::statistics_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/_stats"; }

std::map<std::string, ReceivedCounts> ReceiverProcess::statistics() const {
  const auto reply = HttpClient(port_).get("/_stats");
  std::map<std::string, ReceivedCounts> counts;
  const auto document = json::parse(reply.body);
  for (const auto& [path, value] : document.at("paths").as_object()) {
    const auto number = [&entry = value.as_object()](const char* name) {
      return entry.at(name).to_number<std::int64_t>();
    };
    counts[std::string(path)] = {number("requests"), number("bad_signatures"), number("outside_window"),
                                 number("accepted"), number("duplicates")};
  }
  return counts;
}

ExitStatus ReceiverProcess::stop() {
  process_.terminate();
  const auto status = process_.wait(stop_timeout);
  if (!status) throw std::runtime_error("opi-demo-receiver does not end");
  return *status;
}

}  // namespace opi::demo
