// opi-plugin-probe <image> <environment> <offered minor> [<component>=<interface>,<interface>...]...
// Does in a throw-away process, with limits, all that loading a plugin would do in the daemon: open, entry, init, ask
// for every interface, shutdown, exit. Started by the loader; reports to file descriptor 1, line by line:
//   step <what it is about to do>      fault <code> <message>      done
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "plugins/table_check.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPI_SHADOW_MEMORY 1  // sanitizers map terabytes
#endif

namespace opi::plugins {
namespace {

int report_fd = -1;

void report(std::string line) {
  for (auto& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  line += '\n';
  for (std::size_t done = 0; done < line.size();) {
    const auto n = ::write(report_fd, line.data() + done, line.size() - done);
    if (n <= 0) std::_Exit(3);  // nobody listens any more
    done += static_cast<std::size_t>(n);
  }
}

void fault(const RefusalCode& code, const std::string& message) {
  report("fault " + std::string(code.code) + " " + message);
}

// The plugin's own standard output goes nowhere; only report() reaches the loader.
bool take_report_channel() {
  report_fd = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  return report_fd >= 0 && nowhere >= 0 && ::dup2(nowhere, STDIN_FILENO) >= 0 && ::dup2(nowhere, STDOUT_FILENO) >= 0 &&
         ::dup2(nowhere, STDERR_FILENO) >= 0;
}

void limit(decltype(RLIMIT_CORE) resource, rlim_t value) {
  const rlimit bound{value, value};
  if (::setrlimit(resource, &bound) != 0) std::_Exit(4);
}

void limit_everything() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, 64);
  limit(RLIMIT_CPU, 10);
#ifndef OPI_SHADOW_MEMORY
  limit(RLIMIT_AS, rlim_t{2} << 30);
#endif
}

std::uint32_t log_threshold(const opi_host*) { return OPI_LOG_ERROR + 1; }
void log_write(const opi_host*, std::uint32_t, opi_str, const opi_kv*, std::uint64_t) {}
constexpr opi_log_v1 silent_log{sizeof(opi_log_v1), 0, &log_threshold, &log_write};
const void* service(const opi_host*, const char* id) {
  return std::string_view{id} == OPI_SVC_LOG ? &silent_log : nullptr;
}

struct Promise {
  std::string component;
  std::vector<std::string> interfaces;
};

Promise parse_promise(std::string_view text) {
  Promise promise;
  const auto equals = text.find('=');
  promise.component = text.substr(0, equals);
  while (equals != std::string_view::npos && !text.empty()) {
    text.remove_prefix(std::min(text.find(promise.interfaces.empty() ? '=' : ','), text.size()));
    if (text.empty()) break;
    text.remove_prefix(1);
    promise.interfaces.emplace_back(text.substr(0, text.find(',')));
  }
  return promise;
}

void report_faults(const std::vector<TableFault>& faults) {
  for (const auto& found : faults) fault(*found.code, found.message);
}

// What a daemon goes on doing with a damaged library among its others: later loads read the names of all loaded ones,
// and crash handlers and exceptions walk their tables.
void use_the_linker(const void* address) {
  for (const auto* const name : {"/opi/no/such/library.so", "opi-no-such-library.so"})
    if (::dlopen(name, RTLD_NOW | RTLD_LOCAL) != nullptr) std::_Exit(5);
  (void)::dlsym(RTLD_DEFAULT, "opi_no_such_symbol");
  Dl_info info{};
  (void)::dladdr(address, &info);
  (void)::dl_iterate_phdr([](dl_phdr_info* object, std::size_t, void*) { return object->dlpi_name == nullptr ? 1 : 0; },
                          nullptr);
  try {
    throw std::exception();
  } catch (const std::exception&) {
    return;  // thrown only to be caught
  }
}

// The plugin must outlive main(): its destructors run at exit, as they would in the daemon.
void rehearse(const char* image, std::string_view environment, std::uint16_t offered_minor,
              const std::vector<Promise>& promises) {
  report("step open");
  void* const library = ::dlopen(image, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fault(codes::not_loadable, ::dlerror());
  const auto entry = reinterpret_cast<decltype(&opi_plugin_entry_v1)>(::dlsym(library, OPI_ENTRY_SYMBOL));
  if (entry == nullptr) return fault(codes::no_entry, "does not export " OPI_ENTRY_SYMBOL);

  report("step entry");
  const opi_offer offer{sizeof(opi_offer),       OPI_ABI_MAJOR, offered_minor, OPI_MODE_PROBE, 0,
                        raw("opi-plugin-probe"), raw("1")};
  ErrorSlot error;
  const auto* const table = entry(&offer, error.out());
  if (table == nullptr) return fault(codes::offer_refused, "refuses this host: " + std::string(error.text()));
  if (const auto faults = check_plugin_table(*table, offered_minor); !faults.empty()) return report_faults(faults);

  report("step init");
  // Lives as long as the plugin: until exit.
  static const opi_host host{sizeof(opi_host), OPI_ABI_MAJOR, offered_minor, nullptr, raw(environment), &service};
  void* plugin = nullptr;
  const auto status = table->init(&host, &plugin, error.out());
  if (status != OPI_OK)
    return fault(codes::init_failed,
                 "init failed with status " + std::to_string(status) + ": " + std::string(error.text()));

  report("step interfaces");
  for (const auto& promise : promises)
    report_faults(check_component_tables(*table, plugin, promise.component, promise.interfaces));
  report("step shutdown");
  table->shutdown(plugin);
  report("step use of the process afterwards");
  use_the_linker(reinterpret_cast<const void*>(entry));
}

}  // namespace
}  // namespace opi::plugins

int main(int argc, char** argv) {
  using namespace opi::plugins;
  if (argc < 4 || !take_report_channel()) return 2;
  limit_everything();
  std::vector<Promise> promises;
  for (int i = 4; i < argc; ++i) promises.push_back(parse_promise(argv[i]));
  try {
    rehearse(argv[1], argv[2], static_cast<std::uint16_t>(std::strtoul(argv[3], nullptr, 10)), promises);
  } catch (const std::exception& exception) {
    fault(codes::threw, std::string("let an exception out: ") + exception.what());
  } catch (...) {
    fault(codes::threw, "let an exception of unknown type out");
  }
  report("step exit");
  report("done");
  return 0;
}
