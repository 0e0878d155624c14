#include <array>
#include <barrier>
#include <thread>

#include "check/adapter_cases.hpp"
#include "check/checks.hpp"
#include "check/pure_section.hpp"
#include "crypto/digest.hpp"
#include "foundation/mutex.hpp"
#include "silent_logger.hpp"

namespace opi::tool {
namespace {

constexpr int threads = 4, repetitions = 10;
constexpr const char* purity_remedy =
    "let render() and interpret() depend on their arguments and the immutable instance alone; time and nonce are "
    "arguments";

// Everything that a call said, in one text.
std::string all_of(const Rendered& rendered) {
  const auto& request = rendered.rendering.request;
  std::string text = std::to_string(rendered.status) + rendered.error + "\n" + request.method + request.url + "\n";
  for (const auto& header : request.headers) text += header.name + ":" + header.value + "\n";
  return text + request.body;
}

std::string all_of(const Interpreted& interpreted) {
  std::string text = std::to_string(interpreted.status) + interpreted.error + "\n";
  if (!interpreted.outcome) return text + interpreted.fault;
  const auto& outcome = *interpreted.outcome;
  return text + std::to_string(static_cast<int>(outcome.verdict)) + outcome.reason + "\n" + outcome.detail + "\n" +
         outcome.external_ref + "\n" + outcome.external_url + "\n" + outcome.carry + "\n" +
         std::to_string(outcome.retry_after.value_or(std::chrono::milliseconds{0}).count());
}

std::vector<delivery::HttpResponse> usual_responses() {
  std::vector<delivery::HttpResponse> responses;
  for (const int status : {200, 201, 302, 400, 401, 404, 410, 429, 500, 503}) {
    auto& response = responses.emplace_back();
    response.status = status;
    response.headers = {{"retry-after", "7"}, {"content-type", "application/json"}};
    response.body = R"({"id":"10001","key":"SOC-7","error":"none"})";
  }
  return responses;
}

// Renders and interprets, and tells what came out, call by call.
std::vector<std::string> one_round(const AdapterCase& one) {
  const plugins::DeliveryView delivery(one.sample->context());
  std::vector<std::string> said;
  {
    const auto rendered = [&] {
      const PureSection pure;
      return one.render(*delivery.get());
    }();
    said.push_back(all_of(rendered));
  }
  for (const auto& response : usual_responses()) {
    const plugins::ResponseView view(response);
    const auto interpreted = [&] {
      const PureSection pure;
      return one.instance->interpret(*delivery.get(), *view.get());
    }();
    said.push_back(all_of(interpreted));
  }
  return said;
}

}  // namespace

void check_purity(const Subject& subject, Report& report) {
  SilentLogger logger;
  const Specimen specimen(subject, logger);
  const std::array same{adapter_cases(specimen), adapter_cases(specimen)};  // two instances of each configuration
  (void)crypto::hmac_sha256(std::vector<std::uint8_t>(8), "so that OpenSSL has read its files");

  report.step("render() and interpret() on " + std::to_string(threads) + " threads at once");
  Mutex mutex;
  std::vector<std::vector<std::vector<std::string>>> said(threads);  // by thread, round and call
  std::barrier start(threads + 1);
  std::vector<std::thread> running;
  for (int number = 0; number < threads; ++number)
    running.emplace_back([&, number] {
      start.arrive_and_wait();  // until system calls are refused
      start.arrive_and_wait();
      std::vector<std::vector<std::string>> mine;
      for (int round = 0; round < repetitions; ++round)
        for (const auto& one : same[static_cast<std::size_t>(round) % same.size()]) mine.push_back(one_round(one));
      const Lock lock(mutex);
      said[static_cast<std::size_t>(number)] = std::move(mine);
    });
  start.arrive_and_wait();
  refuse_system_calls(report.fd());
  start.arrive_and_wait();
  for (auto& thread : running) thread.join();

  for (const auto& call : impurities()) report.finding("a pure call uses " + call, purity_remedy);
  bool differs = false;
  for (const auto& rounds : said)
    for (std::size_t i = 0; i < rounds.size(); ++i)
      differs = differs || rounds[i] != said.front()[i % same.front().size()];
  if (differs) report.finding("the same arguments do not always give the same result", purity_remedy);
}

}  // namespace opi::tool
