#include "postgres/postgres_inbox.hpp"

#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using Element = ArrayParameter::Element;

constexpr Statement lock_waiting{"lock_inbox", R"(
  SELECT tenant_id, event_id, envelope::text, coalesce('database:' || published_by, '') FROM integration_inbox
  WHERE refused IS NULL ORDER BY position LIMIT $1::int FOR UPDATE SKIP LOCKED)"};

constexpr Statement remove_taken{"remove_from_inbox", R"(
  DELETE FROM integration_inbox i USING unnest($1::text[], $2::text[]) AS t (tenant_id, event_id)
  WHERE i.tenant_id = t.tenant_id AND i.event_id = t.event_id)"};

constexpr Statement mark_refused{"mark_inbox_refused", R"(
  UPDATE integration_inbox i SET refused = left(t.refused, 1024)
  FROM unnest($1::text[], $2::text[], $3::text[]) AS t (tenant_id, event_id, refused)
  WHERE i.tenant_id = t.tenant_id AND i.event_id = t.event_id)"};

}  // namespace

int PostgresInbox::drain(int limit, const Take& take) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  const auto rows = session->execute(lock_waiting, Parameters{}.int4(limit));
  if (rows.empty()) return 0;
  std::vector<Envelope> envelopes;
  for (int i = 0; i < rows.size(); ++i) envelopes.push_back({rows.string(i, 2), rows.string(i, 3)});
  const auto refusals = take(envelopes);

  ArrayParameter taken_tenants{Element::text}, taken_events{Element::text}, refused_tenants{Element::text},
      refused_events{Element::text}, reasons{Element::text};
  bool any_refused = false;
  for (int i = 0; i < rows.size(); ++i) {
    const auto& refusal = refusals.at(static_cast<std::size_t>(i));
    any_refused = any_refused || !refusal.empty();
    (refusal.empty() ? taken_tenants : refused_tenants).add(rows.text(i, 0));
    (refusal.empty() ? taken_events : refused_events).add(rows.text(i, 1));
    if (!refusal.empty()) reasons.add(refusal);
  }
  session->execute(remove_taken, Parameters{}.array(taken_tenants).array(taken_events));
  if (any_refused)
    session->execute(mark_refused, Parameters{}.array(refused_tenants).array(refused_events).array(reasons));
  transaction.commit();
  return rows.size();
}

}  // namespace opi::postgres
