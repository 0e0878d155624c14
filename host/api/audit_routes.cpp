#include "api/audit_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>

#include "api/administration_answers.hpp"
#include "audit/audit_export.hpp"
#include "audit/chain_check.hpp"
#include "audit/hash_chain.hpp"
#include "crypto/digest.hpp"
#include "domain/event.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_target = 256, max_actor = 128, max_correlation = 128;

struct Parts {
  audit::AuditLog& log;
  const crypto::Ed25519Key& key;
  const audit::TrustedKeys trusted;
  const Clock& clock;
};

json::value details_of(const std::string& text) {
  json::error_code failure;
  auto value = json::parse(text, failure);
  return failure ? json::value(json::object()) : value;
}

json::object view_of(const audit::Record& record) {
  const auto& entry = record.entry;
  return {
      {"sequence", record.link.sequence},
      {"at", to_rfc3339(entry.at)},
      {"actor",
       {{"kind", json_view(to_string(entry.actor_kind))}, {"id", entry.actor_id}, {"role", or_null(entry.actor_role)}}},
      {"action", json_view(to_string(entry.action))},
      {"target", entry.target},
      {"correlation_id", or_null(entry.correlation_id)},
      {"details", details_of(entry.details)},
      {"previous_hash", crypto::to_hex(record.link.previous)},
      {"hash", crypto::to_hex(record.link.hash)}};
}

std::optional<std::int64_t> parse_sequence(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

template <std::size_t Longest>
std::optional<std::string> parse_text(std::string_view text) {
  return text.empty() || text.size() > Longest ? std::nullopt : std::optional<std::string>{text};
}

template <int Most>
std::optional<int> parse_count(std::string_view text) {
  const auto number = parse_sequence(text);
  return number && *number >= 1 && *number <= Most ? std::optional{static_cast<int>(*number)} : std::nullopt;
}

Problem chain_broken(const std::string& fault) {
  Problem problem;
  problem.status = 409;
  problem.code = "chain-broken";
  problem.title = "The audit chain is broken";
  problem.detail = fault;
  return problem;
}

void throw_if_any(std::vector<ProblemField> errors) {
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
}

Response list(const Request& request, const Parts& parts) {
  std::vector<ProblemField> errors;
  ParameterReader reader(request.query,
                         {"action", "actor_id", "target", "correlation_id", "event_id", "alert_id", "evidence_id",
                          "ticket_id", "from", "to", "cursor", "limit"},
                         errors);
  audit::AuditFilter filter;
  filter.action = reader.one("action", "must be an audited action, such as dead_letter.replayed", audit::parse_action);
  filter.actor_id = reader.one("actor_id", "must be 1 to 128 bytes", parse_text<max_actor>);
  filter.target = reader.one("target", "must be <kind>:<id>, such as delivery:018f…", parse_text<max_target>);
  filter.correlation_id = reader.one("correlation_id", "must be 1 to 128 bytes", parse_text<max_correlation>);
  for (const auto& [name, kind] : {std::pair{"event_id", "event:"},
                                   {"alert_id", "alert:"},
                                   {"evidence_id", "evidence:"},
                                   {"ticket_id", "ticket:"}})
    if (const auto id = reader.one(name, "must be 1 to 128 bytes", parse_text<EventLimits::reference_length>)) {
      if (filter.reference)
        errors.push_back({name, "is one too many: of event_id, alert_id, evidence_id and ticket_id name one"});
      filter.reference = kind + *id;
    }
  filter.from = reader.one("from", "must be RFC 3339", parse_rfc3339);
  filter.to = reader.one("to", "must be RFC 3339", parse_rfc3339);
  filter.before = reader.one("cursor", "must be next_cursor of an earlier page", parse_sequence);
  if (const auto limit = reader.one("limit", "must be 1 to 200", parse_limit)) filter.limit = *limit;
  throw_if_any(std::move(errors));
  const auto page = parts.log.list(request.tenant, filter);
  json::array rows;
  for (const auto& record : page) rows.push_back(view_of(record));
  const bool full = page.size() == static_cast<std::size_t>(filter.limit);
  return json_answer(
      {{"records", std::move(rows)},
       {"next_cursor", full ? json::value(std::to_string(page.back().link.sequence)) : json::value(nullptr)}});
}

Response show(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto sequence = parse_sequence(request.parameters.at(0));
  if (!sequence || *sequence < 1) throw ProblemError(not_found());
  const auto found = parts.log.read(request.tenant, *sequence - 1, 1);
  if (found.empty() || found.front().link.sequence != *sequence) throw ProblemError(not_found());
  return json_answer(view_of(found.front()));
}

Response chain(const Request& request, const Parts& parts) {
  std::vector<ProblemField> errors;
  ParameterReader reader(request.query, {"last"}, errors);
  const int last = reader.one("last", "must be 1 to 10000", parse_count<AuditRouteLimits::checked_records>)
                       .value_or(AuditRouteLimits::default_checked_records);
  throw_if_any(std::move(errors));
  const auto check = audit::check_last(parts.log, request.tenant, last, parts.trusted);
  return json_answer({{"records", check.head.sequence},
                      {"head_hash", crypto::to_hex(check.head.hash)},
                      {"checked", check.checked},
                      {"signed_sequence", check.signed_sequence},
                      {"holds", !check.fault},
                      {"fault", check.fault ? json::value(*check.fault) : json::value(nullptr)},
                      {"export_public_key", crypto::to_base64(parts.key.public_key())}});
}

audit::Entry export_entry(const Request& request, const Parts& parts, std::int64_t after, std::size_t records) {
  audit::Entry entry;
  entry.tenant = request.tenant;
  entry.at = parts.clock.unix_now();
  entry.actor_kind = request.identity.actor_kind;
  entry.actor_id = request.identity.actor_id;
  entry.actor_role = to_string(request.identity.role);
  entry.action = audit::Action::audit_exported;
  entry.target = "tenant:" + request.tenant.str();
  entry.details = R"({"after":)" + std::to_string(after) + R"(,"records":)" + std::to_string(records) + "}";
  return entry;
}

Response export_records(const Request& request, const Parts& parts) {
  std::vector<ProblemField> errors;
  ParameterReader reader(request.query, {"after", "limit"}, errors);
  const auto after = reader.one("after", "must be a record's sequence", parse_sequence).value_or(0);
  const int limit = reader.one("limit", "must be 1 to 10000", parse_count<AuditRouteLimits::export_records>)
                        .value_or(AuditRouteLimits::export_records);
  throw_if_any(std::move(errors));
  // What comes before it must hold as well: from the last checkpoint on, and the first record.
  audit::ChainReader chain(parts.log, request.tenant,
                           audit::vouched_start(parts.log, request.tenant, after, parts.trusted), parts.trusted);
  while (chain.last().sequence < after && !chain
                                               .next(static_cast<int>(std::min<std::int64_t>(
                                                   AuditRouteLimits::export_records, after - chain.last().sequence)))
                                               .empty())
    continue;
  if (!chain.fault() && chain.last().sequence != after)
    throw ProblemError(bad_request("A query parameter is not valid", {{"after", "there is no such record"}}));
  if (const auto fault = after > 0 ? audit::fault_of_first(parts.log, request.tenant) : std::nullopt)
    throw ProblemError(chain_broken(*fault));
  const audit::Link before = chain.last();
  const auto records = chain.next(limit);
  if (chain.last().sequence >= chain.head().sequence) chain.next(1);  // the end is the head's
  if (chain.fault()) throw ProblemError(chain_broken(*chain.fault()));
  audit::ExportWriter writer(request.tenant, before, parts.key, parts.clock.unix_now());
  Response response{200, "application/x-ndjson", writer.head(), {}};
  for (const auto& record : records) response.body += writer.record(record);
  response.body += writer.end();
  response.headers.emplace_back("Content-Disposition",
                                "attachment; filename=\"audit-" + request.tenant.str() + ".ndjson\"");
  parts.log.append({export_entry(request, parts, after, records.size())});
  return response;
}

}  // namespace

void add_audit_routes(RouteTable& routes, audit::AuditLog& log, const crypto::Ed25519Key& key,
                      const audit::TrustedKeys& trusted, const Clock& clock) {
  const Parts parts{log, key, trusted, clock};
  routes.add(
      {"GET", "/api/v1/audit", Action::read_audit, [=](const Request& request) { return list(request, parts); }});
  routes.add({"GET", "/api/v1/audit/chain", Action::read_audit,
              [=](const Request& request) { return chain(request, parts); }});
  routes.add({"GET", "/api/v1/audit/export", Action::read_audit,
              [=](const Request& request) { return export_records(request, parts); }});
  routes.add({"GET", "/api/v1/audit/{sequence}", Action::read_audit,
              [=](const Request& request) { return show(request, parts); }});
}

}  // namespace opi::api
