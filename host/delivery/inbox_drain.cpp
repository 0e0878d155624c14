#include "delivery/inbox_drain.hpp"

namespace opi::delivery {

std::chrono::milliseconds InboxDrain::run_once() {
  try {
    const int drained = inbox_.drain(options_.batch, [this](const auto& envelopes) { return take(envelopes); });
    return drained == options_.batch ? std::chrono::milliseconds{0} : options_.poll_interval;
  } catch (const StoreUnavailable& failure) {
    metrics_.store_failures("inbox").Increment();
    logger_.warning("inbox.store_unavailable", {{"error", failure.what()}});
  } catch (const CommitInDoubt& failure) {
    // The events are stored; the next round finds them to be duplicates.
    metrics_.store_failures("inbox_in_doubt").Increment();
    logger_.warning("inbox.commit_in_doubt", {{"error", failure.what()}});
  } catch (const IntakeOverloaded&) {
    // They wait where they are.
  } catch (const IntakeClosed&) {
    return std::chrono::hours{1};
  }
  return std::chrono::seconds{1};
}

std::vector<Inbox::Refusal> InboxDrain::take(const std::vector<Inbox::Envelope>& envelopes) {
  std::vector<Inbox::Refusal> refusals(envelopes.size());
  std::vector<ParsedEvent> events;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < envelopes.size(); ++i) {
    auto parsed = parse_envelope(envelopes[i].text);
    if (auto* event = std::get_if<ParsedEvent>(&parsed)) {
      event->event.producer = envelopes[i].producer;
      events.push_back(std::move(*event));
      places.push_back(i);
    } else {
      for (const auto& error : std::get<std::vector<FieldError>>(parsed))
        refusals[i] += (refusals[i].empty() ? "" : "; ") + error.field + ": " + error.message;
    }
  }
  const auto results = intake_.submit(std::move(events));
  for (std::size_t i = 0; i < results.size(); ++i)
    if (results[i] == InsertResult::conflict) refusals[places[i]] = "event_id: is known with other content";
  for (const auto& refusal : refusals)
    // publish() checks the same rules, so this is an event that came by both ways at once, or a defect.
    if (!refusal.empty()) logger_.error("inbox.refused", {{"reason", refusal}});
  return refusals;
}

}  // namespace opi::delivery
