#include <boost/json.hpp>
#include <random>

#include "check/adapter_cases.hpp"
#include "check/checks.hpp"
#include "silent_logger.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

// Payloads and responses by chance: the same from the same seed on every machine.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}

  // Below `limit`; the standard's distributions differ between libraries.
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  template <std::size_t N>
  const char* one_of(const char* const (&choices)[N]) {
    return choices[below(N)];
  }

  std::string text() {
    std::string made;
    for (auto left = below(24); left > 0; --left)
      made += one_of(
          {"a",  "7",  " ", "\"", "\\", "/", "<", "&", "*", "\n", "\r", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x9a\xa8",
           "{{", "}}", "|", "_",  "~",  "@"});
    return made;
  }

  json::value value(int depth) {
    switch (below(depth > 4 ? 5 : 7)) {
      case 0: return nullptr;
      case 1: return below(2) == 0;
      case 2: return static_cast<std::int64_t>(random_());
      case 3: return static_cast<double>(below(1000)) / 7;
      case 4: return json::value(text());
      case 5: {
        json::array made;
        for (auto left = below(5); left > 0; --left) made.push_back(value(depth + 1));
        return made;
      }
      default: return object(depth + 1);
    }
  }

  json::object object(int depth) {
    json::object made;
    for (auto left = below(8); left > 0; --left) {
      const std::string name =
          below(4) == 0
              ? text()
              : one_of({"alert", "alert_id", "title", "severity", "score", "description", "id", "key", "ok", "error",
                        "errors", "result", "message", "retry_after", "ts", "self", "number", "sys_id", "dedup_key"});
      made[name] = value(depth);
    }
    return made;
  }

  delivery::HttpResponse response() {
    delivery::HttpResponse made;
    made.status = static_cast<int>(100 + below(500));
    made.request_sent = true;
    for (auto left = below(6); left > 0; --left)
      made.headers.push_back(
          {one_of({"retry-after", "content-type", "location", "x-rate-limit-reset", "date"}), text()});
    made.body = json::serialize(value(0));
    for (auto left = below(3); left > 0 && !made.body.empty(); --left) spoil(made.body);
    return made;
  }

 private:
  void spoil(std::string& bytes) {
    const auto at = below(bytes.size());
    switch (below(3)) {
      case 0: bytes.resize(at); return;
      case 1: bytes[at] = static_cast<char>(below(256)); return;
      default: bytes.insert(at, bytes.substr(at, below(16)));
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

void check_fuzz(const Subject& subject, Report& report) {
  SilentLogger logger;
  Specimen specimen(subject, logger);
  if (subject.isolated_too) specimen.isolate(subject, logger);
  const auto cases = adapter_cases(specimen);
  if (cases.empty()) return;
  const std::string remedy =
      "correct the plugin; opi-plugin check --seed " + std::to_string(subject.seed) + " shows it again";
  GuardedMemory memory;
  for (std::uint64_t number = 0; number < subject.cases && !report.full(); ++number) {
    Chance chance(subject.seed * 1'000'003 + number);  // each case by itself: one number finds it again
    const auto& one = cases[number % cases.size()];
    const plugins::DeliveryView usual(one.sample->context());
    const auto place = [&](const std::string& what) {
      return one.name() + ": case " + std::to_string(number) + " of seed " + std::to_string(subject.seed) + ": " + what;
    };
    const auto payload = json::serialize(chance.object(0));
    auto delivery = *usual.get();
    memory.reuse();
    delivery.payload = plugins::raw(memory.copy(payload));
    report.step(place("render() of " + payload.substr(0, 500)));
    if (const auto fault = fault_of(one.render(delivery)); !fault.empty())
      report.finding(place("render(): " + fault), remedy);

    const auto response = chance.response();
    const plugins::ResponseView view(response);
    report.step(
        place("interpret() of status " + std::to_string(response.status) + ", " + response.body.substr(0, 500)));
    const auto result = one.instance->interpret(delivery, guarded(memory, *view.get()));
    if (const auto fault = fault_of(result); !fault.empty())
      report.finding(place("interpret() of status " + std::to_string(response.status) + ": " + fault), remedy);
  }
}

}  // namespace opi::tool
