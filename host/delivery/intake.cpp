#include "delivery/intake.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "delivery/delivery_event.hpp"
#include "delivery/idempotency.hpp"
#include "foundation/check.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {
namespace {

// Revisions of the catalog that may change between loading and inserting before the batch is given up.
constexpr int max_catalog_changes = 5;

}  // namespace

Intake::Intake(DeliveryStore& store, CatalogCache& catalog, WorkNews& news, const Instruments& instruments,
               std::function<void()> wake_writer, const Options& options)
    : store_(store),
      catalog_(catalog),
      news_(news),
      instruments_(instruments),
      wake_writer_(std::move(wake_writer)),
      options_(options) {}

std::vector<InsertResult> Intake::submit(std::vector<ParsedEvent> events) {
  if (events.empty()) return {};
  Submission submission;
  for (const auto& parsed : events) submission.bytes += parsed.event.payload.size() + 512;
  submission.events = std::move(events);
  auto done = submission.done.get_future();
  {
    const Lock lock(mutex_);
    if (closed_) throw IntakeClosed("the daemon is stopping");
    if (waiting_events_ + submission.events.size() > options_.waiting_events)
      throw IntakeOverloaded("too many events are waiting to be stored");
    waiting_events_ += submission.events.size();
    waiting_.push_back(std::move(submission));
  }
  wake_writer_();
  return done.get();
}

bool Intake::run_once() {
  auto batch = take_batch();
  if (batch.empty()) return false;
  commit(batch);
  return true;
}

bool Intake::is_storing() const {
  const Lock lock(mutex_);
  return !not_stored_at_ || instruments_.clock.mono_now() - *not_stored_at_ >= options_.doubt;
}

void Intake::close() {
  const Lock lock(mutex_);
  closed_ = true;
}

std::vector<Intake::Submission> Intake::take_batch() {
  const Lock lock(mutex_);
  std::vector<Submission> batch;
  std::size_t events = 0, bytes = 0;
  while (!waiting_.empty()) {
    Submission& next = waiting_.front();
    if (!batch.empty() &&
        (events + next.events.size() > options_.batch_events || bytes + next.bytes > options_.batch_bytes))
      break;
    events += next.events.size();
    bytes += next.bytes;
    batch.push_back(std::move(next));
    waiting_.pop_front();
  }
  waiting_events_ -= events;
  return batch;
}

// A submission is settled by its own answer or by the batch's failure; a failure that is not the store's
// absence may be the fault of one submission, so the others get a second chance alone.
void Intake::commit(std::vector<Submission>& batch) {
  std::vector<ParsedEvent*> events;
  std::vector<std::size_t> position;   // of each submitted event among the distinct ones
  std::vector<InsertResult> repeated;  // for later copies of an event within the batch
  std::map<std::pair<TenantId, EventId>, std::size_t> seen;
  std::vector<bool> is_repeat;
  for (auto& submission : batch)
    for (auto& parsed : submission.events) {
      const auto [found, fresh] = seen.try_emplace({parsed.event.tenant_id, parsed.event.event_id}, events.size());
      position.push_back(found->second);
      is_repeat.push_back(!fresh);
      const bool same = fresh || events[found->second]->content_hash == parsed.content_hash;
      repeated.push_back(same ? InsertResult::duplicate : InsertResult::conflict);
      if (fresh) events.push_back(&parsed);
    }
  std::vector<InsertResult> results;
  try {
    results = insert(events).results;
    OPI_CHECK(results.size() == events.size(), results.size(), events.size());
    judge_others(batch, events, position, results, repeated);
    const Lock lock(mutex_);
    not_stored_at_.reset();
  } catch (const StoreUnavailable&) {
    return not_stored(batch);
  } catch (const CommitInDoubt&) {
    return not_stored(batch);
  } catch (const std::exception&) {
    if (batch.size() == 1) {
      batch.front().done.set_exception(std::current_exception());
      return;
    }
    for (auto& submission : batch) {
      std::vector<Submission> alone;
      alone.push_back(std::move(submission));
      commit(alone);
    }
    return;
  }
  std::size_t at = 0;
  for (auto& submission : batch) {
    std::vector<InsertResult> own;
    for (std::size_t i = 0; i < submission.events.size(); ++i, ++at) {
      InsertResult result = results[position[at]];
      if (is_repeat[at]) result = repeated[at];
      auto& counter = result == InsertResult::accepted    ? instruments_.metrics.events_accepted
                      : result == InsertResult::duplicate ? instruments_.metrics.events_duplicate
                                                          : instruments_.metrics.events_conflict;
      counter.Increment();
      own.push_back(result);
    }
    submission.done.set_value(std::move(own));
  }
}

// All are told what is being thrown.
void Intake::not_stored(std::vector<Submission>& batch) {
  {
    const Lock lock(mutex_);
    not_stored_at_ = instruments_.clock.mono_now();
  }
  for (auto& submission : batch) submission.done.set_exception(std::current_exception());
}

// A copy with other content than the batch's first one conflicts with it, unless that one was itself refused: then
// the stored event may be this very copy.
void Intake::judge_others(std::vector<Submission>& batch, const std::vector<ParsedEvent*>& events,
                          const std::vector<std::size_t>& position, const std::vector<InsertResult>& results,
                          std::vector<InsertResult>& repeated) {
  std::size_t at = 0;
  for (auto& submission : batch)
    for (auto& parsed : submission.events) {
      const std::size_t i = at++;
      const bool first_refused = results[position[i]] == InsertResult::conflict;
      if (events[position[i]] == &parsed || !first_refused) continue;
      repeated[i] = repeated[i] == InsertResult::duplicate ? InsertResult::conflict : insert({&parsed}).results.front();
    }
}

InsertReport Intake::insert(const std::vector<ParsedEvent*>& events) {
  return store_routed([&](const Catalog& catalog) { return route(events, catalog, delivery_ids_); });
}

std::optional<DeliveryId> Intake::submit_for(const TenantId& tenant, const DestinationId& destination,
                                             ParsedEvent event, const audit::Entry& entry) {
  {
    const Lock lock(mutex_);
    if (closed_) throw IntakeClosed("the daemon is stopping");
  }
  const DeliveryId delivery{new_uuid(instruments_.clock, instruments_.random)};
  const auto report = store_routed([&](const Catalog& catalog) {
    std::vector<NewEvent> routed;
    const auto found = catalog.destinations.find(destination);
    if (found == catalog.destinations.end() || found->second->tenant_id != tenant || !found->second->served())
      return routed;
    auto& fresh = routed.emplace_back();
    fresh.event = event.event;
    fresh.content_hash = event.content_hash;
    fresh.deliveries = {{delivery, destination, idempotency_key(tenant, destination, event.event.event_id)}};
    fresh.audit_entry = entry;
    return routed;
  });
  if (report.results.empty()) return std::nullopt;
  instruments_.metrics.events_accepted.Increment();
  return delivery;
}

std::size_t Intake::publish_own(ParsedEvent event, const DestinationId& about) {
  {
    const Lock lock(mutex_);
    if (closed_) throw IntakeClosed("the daemon is stopping");
  }
  std::size_t recipients = 0;
  store_routed([&](const Catalog& catalog) {
    UuidSequence ids;
    auto routed = route({&event}, catalog, ids);
    auto& deliveries = routed.front().deliveries;
    std::erase_if(deliveries, [&](const NewDelivery& one) { return one.destination == about; });
    recipients = deliveries.size();
    return routed;
  });
  return recipients;
}

// Stores what `route` makes of the catalog, again for as long as the catalog has changed meanwhile.
InsertReport Intake::store_routed(const std::function<std::vector<NewEvent>(const Catalog&)>& route) {
  for (int changes = 0; changes < max_catalog_changes; ++changes) {
    const auto catalog = catalog_.current();
    const auto routed = route(*catalog);
    InsertReport report;
    try {
      report = store_.insert(routed, catalog->revision);
    } catch (const CommitInDoubt&) {
      instruments_.metrics.store_failures("insert_in_doubt").Increment();
      if (!reads_back(routed)) throw;
      report.results.assign(routed.size(), InsertResult::accepted);
    } catch (const StoreUnavailable&) {
      instruments_.metrics.store_failures("insert").Increment();
      throw;
    }
    if (!report.catalog_changed) {
      news_.stored(routed, report.results);
      return report;
    }
    catalog_.refresh();
  }
  throw StoreUnavailable("the destinations change faster than events can be stored");
}

// What is found is stored. What is not found may come yet: the server may have the commit before it, whose session is
// cut off from us. And where nothing can be read, nothing is known either.
bool Intake::reads_back(const std::vector<NewEvent>& events) {
  try {
    const auto stored = store_.stored(events);
    return std::ranges::find(stored, false) == stored.end();
  } catch (const StoreUnavailable&) {
    instruments_.metrics.store_failures("read_back").Increment();
    return false;
  }
}

std::vector<NewEvent> Intake::route(const std::vector<ParsedEvent*>& events, const Catalog& catalog,
                                    UuidSequence& ids) {
  std::vector<NewEvent> routed;
  routed.reserve(events.size());
  for (const auto* parsed : events) {
    NewEvent fresh{parsed->event, parsed->content_hash, {}, {}};
    FilterSubject subject(parsed->event);
    if (const auto tenant = catalog.by_tenant.find(fresh.event.tenant_id); tenant != catalog.by_tenant.end())
      for (const auto& destination : tenant->second) {
        const auto subscribed = [&](const std::string& pattern) {
          return subscription_matches(pattern, fresh.event.event_type);
        };
        if (std::ranges::any_of(destination->subscriptions, subscribed) &&
            catalog_.filters().pass(*destination, subject))
          fresh.deliveries.push_back(
              {{ids.next(instruments_.clock, instruments_.random)},
               destination->id,
               idempotency_key(destination->tenant_id, destination->id, fresh.event.event_id),
               destination->order == DeliveryOrder::subject ? external_reference_subject(fresh.event) : std::string{}});
      }
    if (subject.effort.spent()) instruments_.metrics.filters_given_up.Increment();
    routed.push_back(std::move(fresh));
  }
  return routed;
}

}  // namespace opi::delivery
