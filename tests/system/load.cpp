#include "system/load.hpp"

#include "system/site.hpp"

namespace opi::system_test {
namespace {

constexpr int handed_in_at_once = 10;
constexpr std::chrono::milliseconds between_batches{30};
constexpr std::chrono::seconds load_patience{180};

}  // namespace

Load::Load(std::string token, std::function<std::uint16_t()> port)
    : token_(std::move(token)), port_(std::move(port)), thread_([this] { run(); }) {}

int Load::end() {
  ended_ = true;
  if (thread_.joinable()) thread_.join();
  return acknowledged_;
}

void Load::run() {
  for (int first = 0; !ended_; first += handed_in_at_once) {
    std::string body;
    for (int i = first; i < first + handed_in_at_once; ++i) body += event(i) + "\n";
    const auto accepted = [&] {
      try {
        return demo::HttpClient(port_()).post("/api/v1/events", token_, "application/x-ndjson", body).status == 202;
      } catch (const std::exception&) {
        return false;  // the daemon is away
      }
    };
    if (eventually(accepted, load_patience)) acknowledged_ += handed_in_at_once;
    std::this_thread::sleep_for(between_batches);
  }
}

}  // namespace opi::system_test
