#include "fuzz/text.hpp"
#include "plugins/request_assembly.hpp"
#include "plugins/sandbox_session.hpp"
#include "plugins/secret_intake.hpp"
#include "plugins/verdict_intake.hpp"
#include "telemetry/logger.hpp"

namespace {

using namespace opi;

class SilentLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view, std::initializer_list<telemetry::Field>) override {}
  [[nodiscard]] bool enabled(telemetry::Level) const override { return true; }
};

secrets::SecretSet known_secrets() {
  secrets::SecretSet all;
  for (const auto& [purpose, value] :
       {std::pair{"signing", "key-of-a-fuzzer"}, std::pair{"endpoint", "https://receiver.example/hook/T0K3N"}})
    all.purposes.push_back({purpose, {{std::make_shared<const secrets::Secret>(value), "1"}}, {}});
  return all;
}

// The calls that a plugin's process has been given, as the daemon keeps them.
class Calls {
 public:
  Calls() : assembly_(component(), destination(), secrets()) {
    add(plugins::FrameKind::render);
    add(plugins::FrameKind::interpret);
    add(plugins::FrameKind::resolve);
  }
  void hear(std::string_view bytes) {
    if (broken_) return;  // the process is killed
    try {
      session_.receive(bytes);
    } catch (const plugins::BrokenFrame&) {
      broken_ = true;
    }
  }
  void judge() {
    fuzz::require(ends_ <= 3, "a call ends once");
    fuzz::require(session_.answered() <= 4, "nothing is answered that was not asked");
    const auto left = session_.abandon();
    fuzz::require(ends_ + left.untouched.size() + (left.victim ? 1 : 0) == 3, "a call has ended or is left");
    const auto found = std::move(values_).finish(OPI_OK, {});
    fuzz::require(found.status != secrets::ResolveStatus::ok || found.values.size() == keys, "each key is answered");
    for (const auto& value : found.values) fuzz::require(!value || !value->empty(), "a value is one, or absent");
    const auto rendering = std::move(assembly_).finish("fuzz/1");
    if (!rendering.ok) return;
    fuzz::require(rendering.request.body.size() <= component().body_bytes, "the body is within its limit");
    fuzz::require(plugins::parse_origin(rendering.request.url) == plugins::parse_origin(destination().endpoint),
                  "it goes where it may");
    for (const auto& header : rendering.request.headers)
      fuzz::require(header.value.find_first_of("\r\n") == std::string::npos, "a header is one line");
  }

 private:
  static const plugins::Component& component() {
    static const auto* const one = [] {
      auto* made = new plugins::Component;
      made->id = "fuzz";
      made->egress = {"{endpoint}"};
      made->slots = {{"signing", ""}, {"endpoint", ""}};
      made->body_bytes = 512;
      return made;
    }();
    return *one;
  }
  static const Destination& destination() {
    static const auto* const one = [] {
      auto* made = new Destination;
      made->endpoint = "https://receiver.example/in";
      return made;
    }();
    return *one;
  }
  static const secrets::SecretSet& secrets() {
    static const auto* const all = new secrets::SecretSet(known_secrets());
    return *all;
  }
  void add(plugins::FrameKind kind) {
    plugins::SandboxCall call;
    call.kind = kind;
    call.instance = instance_;
    call.frame = plugins::FrameWriter(kind, 0).finish();
    if (kind == plugins::FrameKind::render) call.request = assembly_.out();
    if (kind == plugins::FrameKind::interpret) call.verdict = intake_.out();
    if (kind == plugins::FrameKind::resolve) call.secret = values_.out();
    call.done = [this](const plugins::CallEnd&) { ++ends_; };
    session_.begin(std::move(call));
  }

  std::size_t ends_ = 0;  // outlives the session, with which its calls end
  SilentLogger logger_;
  plugins::HostServices services_{"fuzz", "test", OPI_ABI_MINOR, logger_};
  std::map<std::uint64_t, std::string> refused_;
  plugins::RequestAssembly assembly_;
  static constexpr std::size_t keys = 2;
  plugins::VerdictIntake intake_{true};
  plugins::SecretIntake values_{keys};
  plugins::SandboxSession session_{services_, refused_};
  std::shared_ptr<const plugins::SandboxInstance> instance_ = std::make_shared<plugins::SandboxInstance>(
      plugins::SandboxInstance{1, plugins::FrameWriter(plugins::FrameKind::create, 0).finish(), {"s3cr3t"}});
  bool broken_ = false;
};

}  // namespace

// What a plugin's process says, whole and in two pieces: the session comes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::text(data, size);
  Calls whole;
  whole.hear(input);
  whole.judge();
  Calls pieces;
  pieces.hear(input.substr(0, size / 2));
  pieces.hear(input.substr(size / 2));
  pieces.judge();
  return 0;
}
