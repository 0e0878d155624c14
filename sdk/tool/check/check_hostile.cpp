#include <array>

#include "check/adapter_cases.hpp"
#include "check/checks.hpp"
#include "silent_logger.hpp"

namespace opi::tool {
namespace {

constexpr std::size_t payload_bytes = 256 * 1024, response_bytes = 64 * 1024;
constexpr const char* hostile_remedy =
    "take nothing for granted in payloads and responses; give a sound verdict to whatever a receiver answers";

struct Text {
  std::string what, bytes;
};

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string filled(const std::string& before, std::size_t size, const std::string& after) {
  return before + std::string(size - before.size() - after.size(), 'x') + after;
}

std::string repeated(const std::string& text, std::size_t size) {
  std::string out;
  while (out.size() < size) out += text;
  return out.substr(0, size);
}

// JSON text of at most 256 KiB, mostly an object: what the ABI lets pass.
std::vector<Text> payloads() {
  return {{"no payload", ""},
          {"an empty object", "{}"},
          {"256 KiB in one string", filled(R"({"title":")", payload_bytes, "\"}")},
          {"256 KiB in one name", filled(R"({")", payload_bytes, "\":1}")},
          {"JSON nested as deep as it gets", R"({"a":)" + nested(payload_bytes / 2 - 4) + "}"},
          {"UTF-8 of every length", "{\"title\":\"\x24 \xc2\xa3 \xe2\x82\xac \xf0\x9f\x9a\xa8 \xf4\x8f\xbf\xbf\"}"},
          {"a byte order mark and directions", "{\"title\":\"\xef\xbb\xbf\xe2\x80\xae\xcc\x81\"}"},
          {"lone surrogates", R"({"title":"\ud800","b":"\udc00\ud800x"})"},
          {"an escaped NUL", R"({"title":"a\u0000b","\u0000":1})"},
          {"every control character", R"({"title":"\u0001\b\t\n\f\r\u001f\u007f\"\\\/"})"},
          {"numbers at their ends", R"({"severity":1e999,"score":-0,"n":18446744073709551616,"m":0.1e-400})"},
          {"a name that is there twice", R"({"title":1,"title":{"a":[]},"title":null})"},
          {"other types than usual", R"({"title":[],"severity":{},"alert_id":7,"ticket_id":null,"alert":true})"}};
}

std::vector<Text> bodies() {
  std::string garbage;
  for (std::size_t i = 0; i < response_bytes; ++i) garbage += static_cast<char>(i * 131 + i / 256);
  return {{"no body", ""},
          {"64 KiB of garbage", garbage},
          {"64 KiB of zeros", std::string(response_bytes, '\0')},
          {"64 KiB of '['", std::string(response_bytes, '[')},
          {"64 KiB of {\"a\":", repeated("{\"a\":", response_bytes)},
          {"truncated JSON", R"({"id":"10001","key":"SO)"},
          {"a lone brace", "{"},
          {"a lone quote", "\""},
          {"null", "null"},
          {"an array", R"(["ok"])"},
          {"other types than usual", R"({"id":{},"key":[],"ok":"no","error":7,"errors":null,"retry_after":"soon"})"},
          {"huge values", R"({"id":")" + std::string(60'000, '7') + R"(","retry_after":1e308,"ts":-1e308})"},
          {"invalid UTF-8", "{\"error\":\"\xff\xfe\xc0\x80\xed\xa0\x80\"}"},
          {"lone surrogates", R"({"error":"\ud800","message":"\udc00"})"},
          {"HTML", "<html><head><title>502 Bad Gateway</title></head><body>\r\n</body></html>"},
          {"line breaks and controls", R"({"error":"a\r\nb\u0000c","ok":false})"}};
}

std::vector<Text> waits() {
  return {{"none", ""},
          {"negative", "-1"},
          {"endless", std::string(400, '9')},
          {"fractional", "1.5"},
          {"a word", "soon"},
          {"a date of the past", "Thu, 01 Jan 1970 00:00:00 GMT"},
          {"a date that is none", "Xyz, 99 Foo 99999 99:99:99 GMT"},
          {"8 KiB", std::string(8192, 'x')},
          {"bytes", "\xff\x01"}};
}

constexpr std::array statuses{200, 201, 204, 301, 400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 503};

delivery::HttpResponse response_with(const std::string& body) {
  delivery::HttpResponse response;
  response.request_sent = true;
  response.body = body;
  response.body_truncated = body.size() == response_bytes;
  return response;
}

// One adapter and the delivery that all responses answer.
class HostileReceiver {
 public:
  HostileReceiver(const AdapterCase& adapter, Report& report)
      : case_(adapter), report_(report), usual_(adapter.sample->context()), delivery_(*usual_.get()) {}

  void send(const Text& payload) {
    const auto place = case_.name() + ": render() of a payload with " + payload.what;
    report_.step(place);
    GuardedMemory memory;
    auto delivery = delivery_;
    delivery.payload = plugins::raw(memory.copy(payload.bytes));
    if (const auto fault = fault_of(case_.render(delivery)); !fault.empty())
      report_.finding(place + ": " + fault, hostile_remedy);
  }

  // With every status.
  void answer(const std::string& what, const delivery::HttpResponse& answer) {
    GuardedMemory memory;
    const plugins::ResponseView view(answer);
    auto response = guarded(memory, *view.get());
    for (const auto status : statuses) {
      const auto place = case_.name() + ": interpret() of status " + std::to_string(status) + " with " + what;
      report_.step(place);
      response.status = static_cast<std::uint32_t>(status);
      const auto fault = fault_of(case_.instance->interpret(delivery_, response));
      if (!fault.empty()) return report_.finding(place + ": " + fault, hostile_remedy);
    }
  }

 private:
  const AdapterCase& case_;
  Report& report_;
  plugins::DeliveryView usual_;
  const opi_delivery& delivery_;
};

}  // namespace

void check_hostile(const Subject& subject, Report& report) {
  SilentLogger logger;
  Specimen specimen(subject, logger);
  if (subject.isolated_too) specimen.isolate(subject, logger);
  for (const auto& one : adapter_cases(specimen)) {
    HostileReceiver receiver(one, report);
    for (const auto& payload : payloads()) receiver.send(payload);
    for (const auto& body : bodies()) receiver.answer("a body of " + body.what, response_with(body.bytes));
    for (const auto& wait : waits()) {
      auto response = response_with("{}");
      response.headers = {{"Retry-After", wait.bytes}, {"retry-after", "3"}};
      receiver.answer("a Retry-After that is " + wait.what, response);
    }
    auto crowded = response_with("{}");
    for (std::size_t i = 0; i < 100; ++i) crowded.headers.push_back({"x-" + std::to_string(i), std::string(i, 'v')});
    receiver.answer("100 headers", crowded);
  }
}

}  // namespace opi::tool
