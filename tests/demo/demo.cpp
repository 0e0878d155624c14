#include "demo.hpp"

#include <algorithm>

#include "console_links.hpp"
#include "http_client.hpp"
#include "integrationsctl.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "staging.hpp"

namespace opi::demo {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto frame = 200ms;        // the display's and the story's pace
constexpr int frames_per_batch = 5;  // events come in small batches, as from a product that is in use
constexpr std::size_t batch_events = 4;
// A story that is over stays so for this long, several times the daemon's slowest interval, before it is believed.
constexpr auto quiet_time = 1'600ms;
constexpr auto story_timeout = 120s;

std::string lines_of(const std::vector<DemoEvent>& events) {
  std::string lines;
  for (const auto& event : events) lines += event.text + "\n";
  return lines;
}

void add(PublishCounts& sum, const PublishCounts& counts) {
  sum.accepted += counts.accepted;
  sum.duplicate += counts.duplicate;
  sum.conflict += counts.conflict;
}

}  // namespace

Demo::Demo(Options options, const Interruption& interruption, const Terminal& terminal, std::ostream& out)
    : options_(std::move(options)),
      interruption_(interruption),
      terminal_(terminal),
      out_(out),
      scenario_(load_scenario(options_.scenario)),
      expectation_(load_expectation(options_.expected, scenario_)),
      state_(options_.state) {}

bool Demo::play() {
  out_ << terminal_.paint(Style::bold, "OneProtect Integrations demo") << "\n";
  stage();
  for (const auto& tenant : scenario_.tenants) unsent_[tenant] = scenario_.events_of(tenant);
  const auto deliveries = watch();
  print_report(out_, terminal_, scenario_, deliveries, receiver_->statistics());
  bool good = verify(deliveries);
  if (!options_.once) {
    invite();
    interruption_.wait();
    out_ << "\n";
  }
  good = stop_and_verify() && good;
  return good;
}

// In the order in which an operator would set it up.
void Demo::stage() {
  secrets_ = make_secrets(state_, scenario_);
  std::string keys;
  for (const auto& secret : secrets_) keys += secret + "\n";
  state_.write("receiver.secrets", keys);
  state_.make_folder("data");  // the daemon's own; systemd makes it in production
  receiver_.emplace(options_.programs, state_, state_.path() / "receiver.secrets");
  std::filesystem::path connection_file;  // empty: none
  if (options_.postgres) {
    postgres_.emplace();
    state_.write("postgres.connection", postgres_->create_database() + "\n");
    connection_file = state_.path() / "postgres.connection";
  }
  state_.write("integrationsd.conf",
               fill(scenario_.configuration_template,
                    {{"STORE_ENGINE", postgres_ ? "postgres" : "sqlite"},
                     {"POSTGRES_CONNECTION_FILE", connection_file.string()},
                     {"STATE_DIRECTORY", state_.path()},
                     {"PLUGIN_DIRECTORY", (options_.programs.parent_path() / "lib" / "plugins").string()},
                     {"API_PORT", std::to_string(options_.api_port)}}));
  state_.write("destinations.json",
               fill(scenario_.destinations_template, {{"RECEIVER_PORT", std::to_string(receiver_->port())},
                                                      {"DOWN_PORT", std::to_string(down_.number())}}));
  run_integrationsctl(options_.programs, state_, {"apply", (state_.path() / "destinations.json").string()});
  const auto tokens = issue_tokens(options_.programs, state_, scenario_);
  for (const auto& [tenant, pair] : tokens) secrets_.insert(secrets_.end(), {pair.producer, pair.auditor});
  daemon_.emplace(options_.programs, state_, interruption_);
  api_.emplace(daemon_->port(), daemon_->status_port(), tokens);
  state_.write("api-url", "http://127.0.0.1:" + std::to_string(daemon_->port()) + "/api/v1\n");
  out_ << "  " << scenario_.events.size() << " events of " << scenario_.tenants.size() << " tenants for "
       << scenario_.destinations.size() << " destinations\n  integrationsd on port " << daemon_->port()
       << ", the receiver on port " << receiver_->port() << "\n\n"
       << std::flush;
}

void Demo::publish_next() {
  for (auto& [tenant, events] : unsent_) {
    if (events.empty()) continue;
    const auto count = static_cast<std::ptrdiff_t>(std::min(batch_events, events.size()));
    add(published_, api_->publish(tenant, lines_of({events.begin(), events.begin() + count})));
    events.erase(events.begin(), events.begin() + count);
  }
}

// A producer that is not sure whether its events arrived sends them again, which must change nothing.
void Demo::send_again() {
  for (const auto& tenant : scenario_.tenants) {
    auto events = scenario_.events_of(tenant);
    events.resize(std::min(events.size(), 2 * batch_events));
    sent_again_ += static_cast<int>(events.size());
    add(published_, api_->publish(tenant, lines_of(events)));
  }
}

Deliveries Demo::read_deliveries() const {
  Deliveries deliveries;
  for (const auto& tenant : scenario_.tenants)
    for (auto& delivery : api_->deliveries(tenant)) deliveries[delivery.destination].push_back(std::move(delivery));
  return deliveries;
}

// Hands in the events and shows what happens, until nothing more is to be expected.
Deliveries Demo::watch() {
  const auto begin = Clock::now();
  auto over_since = Clock::time_point::max();
  Progress progress(terminal_, scenario_, out_);
  for (int number = 0;; ++number) {
    const bool all_sent = std::ranges::all_of(unsent_, [](const auto& own) { return own.second.empty(); });
    if (!all_sent && number % frames_per_batch == 0) publish_next();
    if (all_sent && sent_again_ == 0) send_again();
    auto deliveries = read_deliveries();
    const auto metrics = api_->metrics();
    const auto breakers = metrics.find("opi_breakers_open");
    const auto now = Clock::now();
    progress.show({std::chrono::duration_cast<std::chrono::milliseconds>(now - begin), published_.accepted,
                   breakers == metrics.end() ? 0 : static_cast<int>(breakers->second)},
                  deliveries);
    const bool over = all_sent && sent_again_ > 0 && expectation_.is_over(scenario_, deliveries);
    over_since = over ? std::min(over_since, now) : Clock::time_point::max();
    in_time_ = now - begin < story_timeout;
    if ((over && now - over_since >= quiet_time) || !in_time_) return deliveries;
    if (const auto ended = daemon_->ended())
      throw std::runtime_error("integrationsd ended with " + to_string(*ended) + "; see " + daemon_->log().string());
    interruption_.pause(frame);
  }
}

bool Demo::verify(const Deliveries& deliveries) {
  const auto received = receiver_->statistics();
  std::map<std::string, int> results;
  int expected_events = 0;
  for (const auto& [tenant, count] : expectation_.events) expected_events += count;
  std::vector<Check> checks;
  if (!in_time_)
    checks.push_back(
        {"the story ends",
         {"it does not: not every delivery came to its end within " + std::to_string(story_timeout.count()) + " s"}});
  checks.push_back(check_intake(expected_events, sent_again_, published_));
  checks.push_back(check_routing(scenario_, deliveries));
  checks.push_back(check_tallies(scenario_, expectation_, deliveries, received));
  checks.push_back(check_signatures(received));
  checks.push_back(check_attempts(scenario_, deliveries, *api_, results));
  checks.push_back(check_metrics(deliveries, results, published_, api_->metrics()));
  for (const auto& tenant : scenario_.tenants) checks.push_back(check_audit(tenant));
  out_ << "\n";
  for (const auto& check : checks) print(check);
  out_ << std::flush;
  return std::ranges::all_of(checks, &Check::holds);
}

Check Demo::check_audit(const std::string& tenant) const {
  try {
    return {run_integrationsctl(options_.programs, state_, {"audit", "verify", "--tenant", tenant}), {}};
  } catch (const std::runtime_error& failure) {
    return {"the audit chain of " + tenant + " holds", {failure.what()}};
  }
}

bool Demo::stop_and_verify() {
  const auto begin = Clock::now();
  const auto status = daemon_->stop();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  Check drained{
      "integrationsd drained and ended with " + to_string(status) + " after " + std::to_string(took.count()) + " ms",
      {}};
  if (!status.clean()) drained.differences.push_back("integrationsd ended with " + to_string(status));
  if (const auto ended = receiver_->stop(); !ended.clean())
    drained.differences.push_back("opi-demo-receiver ended with " + to_string(ended));
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(state_.path()))
    if (entry.path().extension() == ".log" || entry.path().extension() == ".err") files.push_back(entry.path());
  for (const auto& entry : std::filesystem::directory_iterator(state_.path() / "data"))
    if (entry.is_regular_file()) files.push_back(entry.path());
  const auto silence = check_silence(secrets_, files);
  print(drained);
  print(silence);
  out_ << std::flush;
  return drained.holds() && silence.holds();
}

void Demo::invite() {
  const auto& tenant = scenario_.tenants.front();
  const auto origin = "http://127.0.0.1:" + std::to_string(daemon_->port());
  const auto page = origin + "/console/integrations";
  std::vector<ConsoleLink> links;
  if (HttpClient(daemon_->port()).get("/console/integrations").status == 200)
    links = issue_console_links(options_.programs, state_, scenario_);
  for (const auto& link : links) secrets_.push_back(link.token);
  out_ << "\n  integrationsd keeps running; Ctrl-C drains and ends it. Where to look:\n";
  if (!links.empty()) {
    out_ << "    console, each link signed in as\n";
    opi::demo::print(out_, links, page);
  } else {
    out_ << "    console   was not built: it needs npm (see CONTRIBUTING.md)\n";
  }
  out_ << "    the dead letters of " << tenant << ", as its auditor:\n"
       << "      curl -s -H @" << auditor_header_file(state_, tenant).string() << " \\\n"
       << "        '" << origin << "/api/v1/deliveries?state=dead_lettered'\n"
       << "    the node, from the command line (docs/integrationsctl.md):\n"
       << "      " << (options_.programs / "integrationsctl").string() << " --config "
       << (state_.path() / "integrationsd.conf").string() << " doctor\n"
       << "    API       " << origin << "/api/v1/deliveries\n"
       << "    metrics   http://127.0.0.1:" << daemon_->status_port() << "/metrics\n"
       << "    receiver  " << receiver_->statistics_url() << "\n"
       << "    log       " << daemon_->log().string() << std::endl;
}

void Demo::print(const Check& check) const {
  const auto mark = check.holds() ? terminal_.paint(Style::good, terminal_.unicode ? "✓" : "ok")
                                  : terminal_.paint(Style::bad, terminal_.unicode ? "✗" : "NO");
  out_ << "  " << mark << " " << check.claim << "\n";
  for (const auto& difference : check.differences) out_ << "      " << terminal_.paint(Style::bad, difference) << "\n";
}

void Demo::stop_early() noexcept {
  try {
    if (const auto ended = daemon_ ? daemon_->ended() : std::nullopt)
      out_ << "  integrationsd has ended by itself with " << to_string(*ended) << "; see " << daemon_->log().string()
           << "\n";
    else if (daemon_)
      daemon_->stop();
    if (receiver_) receiver_->stop();
  } catch (const std::exception& failure) {
    out_ << "  " << failure.what() << "\n";  // the destructors kill what is left
  }
}

void Demo::leave(bool good) {
  if (options_.once && good && state_.remove()) return;
  out_ << "  files of this run: " << state_.path().string() << std::endl;
}

}  // namespace opi::demo
