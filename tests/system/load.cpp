#include "system/load.hpp"

#include "system/site.hpp"

namespace opi::system_test {
namespace {

constexpr int batch = 10;
constexpr std::chrono::milliseconds pause{30};
constexpr std::chrono::seconds patience{180};

}  // namespace

Load::Load(std::string token, std::function<std::uint16_t()> port)
    : token_(std::move(token)), port_(std::move(port)), thread_([this] { run(); }) {}

int Load::end() {
  ended_ = true;
  if (thread_.joinable()) thread_.join();
  return acknowledged_;
}

void Load::run() {
  for (int first = 0; !ended_; first += batch) {
    std::string body;
    for (int i = first; i < first + batch; ++i) body += event(i) + "\n";
    const auto accepted = [&] {
      try {
        return demo::HttpClient(port_()).post("/api/v1/events", token_, "application/x-ndjson", body).status == 202;
      } catch (const std::exception&) {
        return false;  // the daemon is away
      }
    };
    if (eventually(accepted, patience)) acknowledged_ += batch;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace opi::system_test
