#include "daemon_api.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <stdexcept>

namespace opi::demo {
namespace {

namespace json = boost::json;

json::value expect(const HttpReply& reply, int status, const std::string& request) {
  if (reply.status != status)
    throw std::runtime_error(request + " answered " + std::to_string(reply.status) + ": " + reply.body.substr(0, 600));
  return json::parse(reply.body);
}

std::string text_of(const json::value& object, const char* name) {
  const auto& text = object.at(name).as_string();
  return {text.data(), text.size()};
}

// "2026-11-23T15:04:05.678Z", the API's own form.
std::int64_t unix_ms(const std::string& text) {
  int year = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0;
  unsigned month = 0, day = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &year, &month, &day, &hours, &minutes, &seconds,
                  &milliseconds) != 7)
    throw std::runtime_error("the API's time " + text + " is not what it promises");
  const std::chrono::sys_days date{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)};
  const auto time = date + std::chrono::hours{hours} + std::chrono::minutes{minutes} + std::chrono::seconds{seconds} +
                    std::chrono::milliseconds{milliseconds};
  return time.time_since_epoch().count();
}

ShownDelivery read_delivery(const json::value& row) {
  ShownDelivery delivery;
  delivery.id = text_of(row, "delivery_id");
  delivery.destination = text_of(row, "destination_id");
  delivery.event_id = text_of(row, "event_id");
  const auto state = parse_delivery_state(text_of(row, "state"));
  if (!state) throw std::runtime_error("the API shows the unknown state " + text_of(row, "state"));
  delivery.state = *state;
  delivery.attempts = row.at("attempts").to_number<int>();
  delivery.created_unix_ms = unix_ms(text_of(row, "created_at"));
  if (!row.at("completed_at").is_null()) delivery.completed_unix_ms = unix_ms(text_of(row, "completed_at"));
  return delivery;
}

}  // namespace

DaemonApi::DaemonApi(std::uint16_t port, std::uint16_t status_port, std::map<std::string, Tokens> tokens_by_tenant)
    : client_(port), status_(status_port), tokens_(std::move(tokens_by_tenant)) {}

PublishCounts DaemonApi::publish(const std::string& tenant, const std::string& ndjson) const {
  const auto reply = client_.post("/api/v1/events", tokens_.at(tenant).producer, "application/x-ndjson", ndjson);
  const auto answer = expect(reply, 202, "POST /api/v1/events");
  PublishCounts counts;
  for (const auto& row : answer.at("results").as_array()) {
    const auto result = text_of(row, "result");
    ++(result == "accepted" ? counts.accepted : result == "duplicate" ? counts.duplicate : counts.conflict);
  }
  return counts;
}

std::vector<ShownDelivery> DaemonApi::deliveries(const std::string& tenant) const {
  std::vector<ShownDelivery> all;
  for (std::string cursor;;) {
    const auto path = "/api/v1/deliveries?limit=200" + (cursor.empty() ? cursor : "&cursor=" + cursor);
    const auto page = expect(client_.get(path, tokens_.at(tenant).auditor), 200, "GET " + path);
    for (const auto& row : page.at("deliveries").as_array()) all.push_back(read_delivery(row));
    if (page.at("next_cursor").is_null()) return all;
    cursor = text_of(page, "next_cursor");
  }
}

std::vector<ShownAttempt> DaemonApi::attempts(const std::string& tenant, const std::string& delivery) const {
  const auto path = "/api/v1/deliveries/" + delivery + "/attempts";
  const auto answer = expect(client_.get(path, tokens_.at(tenant).auditor), 200, "GET " + path);
  std::vector<ShownAttempt> all;
  for (const auto& row : answer.at("attempts").as_array())
    all.push_back({text_of(row, "result"), json::serialize(row)});
  return all;
}

std::map<std::string, double> DaemonApi::metrics() const {
  const auto reply = status_.get("/metrics");
  if (reply.status != 200) throw std::runtime_error("GET /metrics answered " + std::to_string(reply.status));
  std::map<std::string, double> values;
  std::istringstream lines(reply.body);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    values[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
  return values;
}

}  // namespace opi::demo
