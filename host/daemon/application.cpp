#include "daemon/application.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/program_options.hpp>
#include <sstream>
#include <thread>

#include "daemon/daemon.hpp"
#include "daemon/state_directory.hpp"
#include "node/parts.hpp"
#include "node/provider_settings.hpp"
#include "plugins/breadcrumbs.hpp"
#include "runtime/service_notifier.hpp"

namespace opi::daemon {
namespace {

namespace po = boost::program_options;

constexpr int exit_unavailable = 69;  // EX_UNAVAILABLE: the store or a part of the system is missing

po::options_description options() {
  po::options_description description("integrationsd: carries events to customers' systems");
  description.add_options()("config,c", po::value<std::string>(), "configuration file")(
      "set,s", po::value<std::vector<std::string>>()->composing(), "section.name=value: overrides one key")(
      "check-config", "report every error of the configuration and exit")(
      "print-config", "print every key with its description and default and exit")(
      "version,V", "print the version and exit")("help,h", "print this text and exit");
  return description;
}

// Waits for SIGHUP on a thread of its own.
class ReloadSignal {
 public:
  explicit ReloadSignal(std::function<void()> reload)
      : thread_([this, reload = std::move(reload)] {
          sigset_t signals;
          sigemptyset(&signals);
          sigaddset(&signals, SIGHUP);
          for (int signal = 0; sigwait(&signals, &signal) == 0 && !stopping_;) reload();
        }) {}
  ~ReloadSignal() {
    stopping_ = true;
    pthread_kill(thread_.native_handle(), SIGHUP);
    thread_.join();
  }

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  po::variables_map values;
  po::store(po::command_line_parser(argc, argv).options(options()).positional({}).run(), values);
  po::notify(values);
  CommandLine line;
  if (values.contains("config")) line.config_file = values["config"].as<std::string>();
  if (values.contains("set")) line.settings = values["set"].as<std::vector<std::string>>();
  line.check_config = values.contains("check-config");
  line.print_config = values.contains("print-config");
  line.help = values.contains("help");
  line.version = values.contains("version");
  return line;
}

std::string usage() {
  std::ostringstream text;
  text << options();
  return text.str();
}

std::vector<DocumentedOption> documented_options() {
  std::vector<DocumentedOption> documented;
  const auto all = options();
  for (const auto& option : all.options())
    documented.push_back({option->long_name(), option->semantic()->max_tokens() > 0, option->description()});
  return documented;
}

Application::Application(CommandLine command_line, configuration::Configuration configuration)
    : command_line_(std::move(command_line)), configuration_(std::move(configuration)) {}

void Application::raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // what it may not raise stays; connections are then fewer
}

void Application::block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGQUIT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int Application::main(const std::vector<std::string>&) {
  telemetry::JsonLogger logger(configuration_.log_file, configuration_.log_level);
  runtime::ServiceNotifier notifier;
  plugins::install_fatal_signal_notes();
  try {
    secure_state_directory(configuration_.state_directory);
    Daemon daemon(configuration_, logger);
    daemon.start();
    notifier.ready("serving on " + configuration_.api_address + ":" + std::to_string(daemon.api_port()));
    std::unique_ptr<runtime::PeriodicService> watchdog;
    if (const auto interval = notifier.watchdog_interval()) {
      watchdog = std::make_unique<runtime::PeriodicService>(
          "watchdog",
          [&, interval = *interval] {
            if (daemon.alive()) notifier.watchdog();
            return interval;
          },
          logger);
      watchdog->start();
    }
    {
      const ReloadSignal reload([&] {
        notifier.reloading();
        try {
          auto loaded = configuration::load(command_line_.config_file, configuration::environment_variables(),
                                            command_line_.settings);
          for (auto& fault : node::egress_faults(loaded.configuration)) loaded.errors.push_back(std::move(fault));
          // Whatever the configuration is: who rotates logs has moved the file already.
          logger.reopen();
          for (const auto& error : loaded.errors) logger.error("daemon.reload_refused", {{"error", error}});
          // A wrong section costs its provider the change, and nothing else: it goes on with what it had.
          if (loaded.errors.empty())
            for (const auto& fault : node::provider_faults(loaded.configuration))
              logger.error("secret_provider.settings_refused", {{"error", fault}});
          if (loaded.errors.empty()) daemon.reload(loaded.configuration);
        } catch (const std::exception& failure) {
          logger.error("daemon.reload_failed", {{"error", failure.what()}});
        }
        notifier.ready("serving");
      });
      waitForTerminationRequest();
      notifier.stopping();
      daemon.request_stop();  // a reload that waits for the store is waited for as long as all others
    }
    daemon.drain_and_stop();
    return EXIT_OK;
  } catch (const std::exception& failure) {
    logger.error("daemon.failed", {{"error", failure.what()}});
    return exit_unavailable;
  }
}

}  // namespace opi::daemon
