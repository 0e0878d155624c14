#include "fleet/fleet_site.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <ranges>
#include <set>
#include <sstream>

namespace opi::system_test {
namespace {

namespace json = boost::json;

constexpr int subjects = 4;
constexpr int at_once = 30;

std::string event_of(const std::string& destination, int number) {
  const auto id = destination + "-" + std::to_string(number);
  return R"({"event_id":")" + id + R"(","event_type":")" + destination +
         R"(.made","schema_version":"1.0","tenant_id":"acme","source":"test","timestamp":"2026-01-01T00:00:00Z",)"
         R"("correlation_id":")" +
         id + R"(","payload":{"alert_id":"S-)" + std::to_string(number % subjects) + R"(","number":)" +
         std::to_string(number) + "}}\n";
}

test::PostgresCluster& cluster() {
  static test::PostgresCluster one;
  return one;
}

std::string last_line_with(const std::string& log, const std::string& what) {
  const auto at = log.rfind(what);
  if (at == std::string::npos || log.find('\n', at) == std::string::npos) return {};
  const auto begin = log.rfind('\n', at) + 1;
  return log.substr(begin, log.find('\n', at) - begin);
}

}  // namespace

FleetSite::FleetSite(Ledger::Judge judge, std::vector<Destination> destinations,
                     const std::map<std::string, std::string>& settings)
    : ledger_(std::move(judge)), site_(&cluster()), destinations_(std::move(destinations)) {
  std::string rows;
  for (std::size_t i = 0; i < destinations_.size(); ++i)
    rows += std::string(rows.empty() ? "" : ",") + R"({"destination_id":")" + id_of(i) + R"(","name":")" +
            destinations_[i].name + R"(","adapter":"webhook","event_types":[")" + destinations_[i].name +
            R"(.*"],"endpoint":")" + ledger_.url("/" + destinations_[i].name) +
            R"(","credentials":[{"purpose":"signing","reference":"local://acme/signing/main/1"}])" +
            destinations_[i].members + "}";
  std::ofstream(site_.folder() / "fleet.json")
      << R"({"tenants":[{"tenant_id":"acme","name":"Acme","policy":{"max_attempts":100,"timeout_ms":3000,)"
         R"("backoff_initial_ms":50,"backoff_cap_ms":10000},"destinations":[)"
      << rows << "]}]}";
  site_.set("breaker.failure_threshold", "3");
  site_.set("breaker.cooldown_ms", "2000");
  site_.set("breaker.max_cooldown_ms", "2000");
  for (const auto& [key, value] : settings) site_.set(key, value);
  site_.control({"apply", (site_.folder() / "fleet.json").string()});
  producer_ = site_.token("producer");
  auditor_ = site_.token("auditor");
  posted_.resize(destinations_.size());
}

std::string FleetSite::id_of(std::size_t destination) {
  std::ostringstream id;
  id << "0192f000-0000-7000-8000-0000000000" << (destination < 16 ? "0" : "") << std::hex << destination;
  return id.str();
}

FleetSite::Member& FleetSite::member(const std::string& name) {
  const auto found = std::ranges::find(members_, name, &Member::name);
  if (found == members_.end()) throw std::logic_error("there is no daemon " + name);
  return *found;
}

RunningDaemon& FleetSite::daemon(const std::string& name) { return *member(name).daemon; }

std::vector<std::string> FleetSite::awake() const {
  std::vector<std::string> names;
  for (const auto& one : members_)
    if (one.awake) names.push_back(one.name);
  return names;
}

std::optional<json::object> FleetSite::last_change(const RunningDaemon& daemon) {
  const auto line = last_line_with(daemon.log(), "\"fleet.changed\"");
  if (line.empty()) return std::nullopt;
  return json::parse(line).as_object();
}

// Those that are awake, and nobody else, take part in the eyes of each of them.
void FleetSite::wait_for_parts() {
  std::set<std::string> ids;
  for (const auto& one : members_)
    if (one.awake) ids.insert(one.id);
  std::string seen;
  const bool agreed = eventually([&] {
    seen.clear();
    return std::ranges::all_of(members_, [&](const Member& one) {
      if (!one.awake) return true;
      const auto change = last_change(*one.daemon);
      const std::string owners = change ? std::string(change->at("daemons").as_string().c_str()) : "";
      seen += one.name + ": " + owners + "\n";
      std::istringstream words(owners);
      return std::set<std::string>(std::istream_iterator<std::string>(words), {}) == ids;
    });
  });
  EXPECT_TRUE(agreed) << seen;
}

// One wait for all of them: each takes its time from its own start, whoever else joins meanwhile.
void FleetSite::join(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    auto daemon = std::make_unique<RunningDaemon>(site_, name);
    const auto started = json::parse(last_line_with(daemon->log(), "\"daemon.started\"")).as_object();
    members_.push_back({name, started.at("daemon").as_string().c_str(), std::move(daemon)});
  }
  wait_for_parts();
}

void FleetSite::restart(const std::string& name) {
  std::erase_if(members_, [&](const Member& one) { return one.name == name; });
  join({name});
}

void FleetSite::leave(const std::string& name) {
  EXPECT_TRUE(daemon(name).stop().clean());
  std::erase_if(members_, [&](const Member& one) { return one.name == name; });
  wait_for_parts();
}

void FleetSite::kill(const std::string& name) {
  daemon(name).kill_hard();
  member(name).awake = false;
}

void FleetSite::freeze(const std::string& name) {
  ::kill(daemon(name).pid(), SIGSTOP);
  member(name).awake = false;
}

void FleetSite::thaw(const std::string& name) {
  ::kill(daemon(name).pid(), SIGCONT);
  member(name).awake = true;
  wait_for_parts();
}

json::object FleetSite::runtime(const std::string& daemon_name, std::size_t destination) {
  const auto reply =
      demo::HttpClient(daemon(daemon_name).port()).get("/api/v1/destinations/" + id_of(destination), auditor_);
  if (reply.status != 200) throw std::runtime_error("destination: " + reply.body);
  return json::parse(reply.body).at("runtime").as_object();
}

std::string FleetSite::server_of(std::size_t destination) {
  std::string name;
  const bool agreed = eventually([&] {
    std::set<std::string> ids;
    for (const auto& one : awake()) {
      const auto server = runtime(one, destination).at("served_by");
      if (server.is_null()) return false;
      ids.insert(server.as_string().c_str());
    }
    const auto found =
        std::ranges::find_if(members_, [&](const auto& one) { return ids.contains(one.id) && one.awake; });
    if (ids.size() != 1 || found == members_.end()) return false;
    name = found->name;
    return true;
  });
  EXPECT_TRUE(agreed);
  return name;
}

void FleetSite::post(int events) {
  const auto names = awake();
  for (std::size_t i = 0; i < destinations_.size(); ++i) {
    const int end = posted_[i] + events * destinations_[i].share / 100;
    while (posted_[i] < end) {
      const int upto = std::min(posted_[i] + at_once, end);
      hand_in(i, upto, names[turn_++ % names.size()]);
    }
  }
}

void FleetSite::post_one(std::size_t destination, const std::string& name) {
  hand_in(destination, posted_[destination] + 1, name);
}

void FleetSite::hand_in(std::size_t destination, int upto, const std::string& name) {
  std::string body;
  for (int number = posted_[destination] + 1; number <= upto; ++number)
    body += event_of(destinations_[destination].name, number);
  const auto reply =
      demo::HttpClient(daemon(name).port()).post("/api/v1/events", producer_, "application/x-ndjson", body);
  if (reply.status != 202) throw std::runtime_error("events: " + reply.body);
  posted_[destination] = upto;
}

bool FleetSite::all_arrived(const std::function<bool(const std::string& name)>& counts) const {
  for (std::size_t i = 0; i < destinations_.size(); ++i) {
    if (!counts(destinations_[i].name)) continue;
    std::set<int> arrived;
    for (const auto& one : ledger_.of("/" + destinations_[i].name))
      if (one.status == 200) arrived.insert(one.number);
    if (std::ssize(arrived) != posted_[i]) return false;
  }
  return true;
}

void FleetSite::execute(const std::string& sql) {
  std::string connection;
  std::getline(std::ifstream(site_.folder() / "connection"), connection);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> side_door{PQconnectdb(connection.c_str()), &PQfinish};
  const std::unique_ptr<PGresult, decltype(&PQclear)> done{PQexec(side_door.get(), sql.c_str()), &PQclear};
  const auto status = PQresultStatus(done.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(PQerrorMessage(side_door.get()));
}

}  // namespace opi::system_test
