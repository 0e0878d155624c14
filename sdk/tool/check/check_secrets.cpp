#include <link.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "check/adapter_cases.hpp"
#include "check/checks.hpp"
#include "crypto/digest.hpp"
#include "foundation/mutex.hpp"

namespace opi::tool {
namespace {

constexpr const char* secrets_remedy =
    "repeat neither secrets nor the endpoint's URL: not in logs, errors, verdicts, nor in memory that outlives the "
    "call";

// What nobody else would ever write. Made at run time, so that no file holds them.
std::string canary(const std::string& seed) {
  return "c4n4ry" + crypto::to_hex(crypto::sha256(seed + " opi-plugin check")).substr(0, 26);
}

// A text in every form in which it is still as good as itself; in base64, wherever it stands in what was encoded.
std::vector<std::string> forms_of(const std::string& text) {
  constexpr std::size_t group_bytes = 3, group_characters = 4;
  const auto bytes = [](const std::string& one) {
    return std::span<const std::uint8_t>{reinterpret_cast<const std::uint8_t*>(one.data()), one.size()};
  };
  std::vector<std::string> forms{text, crypto::to_hex(bytes(text)), {text.rbegin(), text.rend()}};
  for (std::size_t before = 0; before < group_bytes; ++before) {
    const auto base64 = crypto::to_base64(bytes(std::string(before, ' ') + text));
    // The first and the last group hold what stands around it.
    forms.push_back(base64.substr(group_characters, base64.size() - 2 * group_characters));
  }
  return forms;
}

class ListeningLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view, std::initializer_list<telemetry::Field> fields) override {
    const Lock lock(mutex_);
    for (const auto& field : fields)
      if (const auto* const text = std::get_if<std::string_view>(&field.value)) said_.append(*text).append("\n");
  }
  [[nodiscard]] bool enabled(telemetry::Level) const override { return true; }
  [[nodiscard]] std::string said() const {
    const Lock lock(mutex_);
    return said_;
  }

 private:
  mutable Mutex mutex_;
  std::string said_ OPI_GUARDED_BY(mutex_);
};

// Byte by byte, past what sanitizers keep between variables.
__attribute__((no_sanitize("address", "thread"))) void append_raw(std::string& out, const volatile char* bytes,
                                                                  std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out += bytes[i];
}

// The writable memory of a loaded library.
std::string writable_memory_of(const std::string& file) {
  struct Search {
    const std::string& file;
    std::string memory;
  } search{file, {}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        if (object->dlpi_name == nullptr || wanted.file != object->dlpi_name) return 0;
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const auto& segment = object->dlpi_phdr[i];
          if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0)
            append_raw(wanted.memory, reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr),
                       segment.p_memsz);
        }
        return 1;
      },
      &search);
  return std::move(search.memory);
}

class SecretsCheck {
 public:
  SecretsCheck(Report& report, std::string secret, std::string token) : report_(report) {
    for (auto& form : forms_of(secret)) forms_.emplace_back("a secret", std::move(form));
    for (auto& form : forms_of(token)) forms_.emplace_back("the endpoint's token", std::move(form));
  }

  void look(const std::string& where, std::string_view text) {
    for (const auto& [what, form] : forms_)
      if (text.find(form) != std::string_view::npos) return report_.finding(where + " holds " + what, secrets_remedy);
  }

  void try_case(const AdapterCase& one) {
    const plugins::DeliveryView delivery(one.sample->context());
    report_.step(one.name() + ": calls with secrets");
    look(one.name() + ": an error of render()", one.render(*delivery.get()).error);
    auto strange = *delivery.get();
    strange.payload = plugins::raw("{\"a\":");
    look(one.name() + ": an error of render()", one.render(strange).error);
    for (const int status : {200, 302, 400, 401, 403, 404, 410, 429, 500, 503}) {
      delivery::HttpResponse response;
      response.status = status;
      response.body = "{}";
      const plugins::ResponseView view(response);
      const auto result = one.instance->interpret(*delivery.get(), *view.get());
      look(one.name() + ": an error of interpret()", result.error);
      if (!result.outcome) continue;
      look(one.name() + ": the reason of a verdict", result.outcome->reason);
      look(one.name() + ": the detail of a verdict", result.outcome->detail);
      look(one.name() + ": the external_ref of a verdict", result.outcome->external_ref);
      look(one.name() + ": the external_url of a verdict", result.outcome->external_url);
      look(one.name() + ": the carry of a verdict", result.outcome->carry);
    }
  }

 private:
  Report& report_;
  std::vector<std::pair<std::string, std::string>> forms_;  // of what, and in which form
};

}  // namespace

void check_secrets(const Subject& subject, Report& report) {
  const auto secret = canary("secret " + std::to_string(subject.seed));
  const auto token = canary("token " + std::to_string(subject.seed));
  ListeningLogger logger;
  const Specimen specimen(subject, logger);
  SecretsCheck check(report, secret, token);
  for (const auto& one : adapter_cases(specimen, secret, token)) check.try_case(one);
  check.look("the log", logger.said());
  const auto memory = writable_memory_of(subject.file.string());
  if (memory.empty()) return report.finding("its memory was not found", "report this: it is a fault of opi-plugin");
  check.look("the plugin's writable memory after the calls", memory);
}

}  // namespace opi::tool
