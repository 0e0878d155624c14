#pragma once
#include <boost/json.hpp>
#include <opi/plugin.hpp>
#include <string>
#include <string_view>

#include "opi/kit/answer.hpp"
#include "opi/kit/config.hpp"
#include "opi/kit/json_text.hpp"

// How a ticket adapter gets from an event to its receiver's ticket. Every subject (a ticket, an alert) has one ticket
// there, whose id the host remembers as prior_ref.
namespace opi::kit {

enum class TicketAction { create, update, comment, close };

// What an event asks for.
inline TicketAction action_of(const sdk::Delivery& delivery) {
  const auto type = delivery.event_type();
  if (type == "integration.alert.raised") return TicketAction::create;
  if (type == "integration.alert.cleared") return TicketAction::close;
  const bool has_life = type.starts_with("alert.") || type.starts_with("ticket.");
  if (has_life && type.ends_with(".created")) return TicketAction::create;
  if (has_life && (type.ends_with(".closed") || type.ends_with(".resolved"))) return TicketAction::close;
  if (has_life && !type.ends_with(".commented")) return TicketAction::update;
  return TicketAction::comment;
}

// What the host remembers the receiver's id by.
inline std::string_view subject_of(const sdk::Delivery& delivery) {
  if (!delivery.ticket_id().empty()) return delivery.ticket_id();
  return delivery.alert_id().empty() ? delivery.event_id() : delivery.alert_id();
}

// A word by which the receiver's ticket is found again, of letters, digits, '.', '_' and '-' and at most `longest` (32
// or more) bytes: tenant and subject, or a hash of them where they do not fit.
inline std::string subject_key(const sdk::Delivery& delivery, std::size_t longest) {
  static constexpr char digits[] = "0123456789abcdef";
  const auto both = std::string(delivery.tenant_id()) + "-" + std::string(subject_of(delivery));
  std::string key = "oneprotect-";
  if (key.size() + both.size() <= longest && std::ranges::all_of(both, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
      }))
    return key + both;
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : both) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  for (int shift = 60; shift >= 0; shift -= 4) key += digits[(hash >> shift) & 0xf];
  return key;
}

// The configuration's "unknown_subject": whether an update, comment or close of a subject without ticket creates one.
inline bool creates_unknown(const boost::json::object& config) {
  return one_of(config, "unknown_subject", {"create", "reject"}) == "create";
}

// `look`: asks what a close needs to know, where the receiver has a workflow.
enum class TicketStep { find, create, update, comment, look, close };
inline constexpr std::array<std::string_view, 6> ticket_step_names{"find",    "create", "update",
                                                                   "comment", "look",   "close"};

// One request on the way.
struct TicketTask {
  TicketStep step = TicketStep::create;
  std::string ref, url;  // of the receiver's ticket; empty before it is known
  std::string extra;     // what `look` found
};

// What the host keeps of a reference; see opi_verdict.
inline constexpr std::size_t longest_ref = 256, longest_url = 2048;

// The URL if it is one that the host keeps, else none: a ticket is found by its id.
inline std::string kept_url(std::string url) {
  if (url.size() > longest_url || !(url.starts_with("https://") || url.starts_with("http://"))) url.clear();
  return url;
}
inline std::string too_long(const std::string& ref) {
  return "the receiver's id has " + std::to_string(ref.size()) + " bytes and is not kept: ";
}
inline sdk::Verdict with_reference(sdk::Verdict verdict, const std::string& ref, const std::string& url) {
  if (ref.size() > longest_ref)
    return std::move(verdict).detail(too_long(ref) + "later events will not find the ticket");
  return std::move(verdict).external(ref, kept_url(url));
}

// The steps of one delivery, and what follows from the answer to each. A create is preceded by `find` where the
// receiver can be searched, so that the repetition of a create whose answer was lost finds the ticket.
class TicketFlow {
 public:
  struct Options {
    bool can_find = false;
    bool create_unknown = true;  // see creates_unknown()
    bool looks = false;          // before a close
  };

  explicit TicketFlow(const Options& options) : options_(options) {}

  // The same for render and interpret of one attempt. Throws sdk::Failure if the subject has no ticket and must have
  // one.
  [[nodiscard]] TicketTask task(const sdk::Delivery& delivery) const {
    if (delivery.step() > 0) return carried(delivery);
    if (!delivery.prior_ref().empty())
      return {after_known(delivery), std::string(delivery.prior_ref()), std::string(delivery.prior_url()), {}};
    if (options_.can_find) return {.step = TicketStep::find};
    if (!may_create(delivery)) throw sdk::Failure(OPI_E_NOT_FOUND, unknown_subject(delivery));
    return {.step = TicketStep::create};
  }

  // find: the search was answered; an empty ref: nothing was found.
  [[nodiscard]] sdk::Verdict found(const sdk::Delivery& delivery, const std::string& ref,
                                   const std::string& url) const {
    if (ref.empty() && !may_create(delivery))
      return sdk::Verdict::reject().reason("unknown_subject").detail(unknown_subject(delivery));
    if (ref.empty()) return proceed(delivery, {.step = TicketStep::create});
    if (ref.size() > longest_ref) return unusable(ref);
    if (action_of(delivery) == TicketAction::create) return with_reference(sdk::Verdict::delivered(), ref, url);
    return proceed(delivery, {after_known(delivery), ref, url, {}});
  }

  // create: there is a ticket now, which says what the event says; a close closes it as well.
  [[nodiscard]] sdk::Verdict created(const sdk::Delivery& delivery, const std::string& ref,
                                     const std::string& url) const {
    if (ref.empty())  // where it can be searched for, the next attempt does
      return (options_.can_find ? sdk::Verdict::retry() : sdk::Verdict::reject())
          .reason("no_reference")
          .detail("the receiver did not say what it calls the ticket");
    if (action_of(delivery) != TicketAction::close) return with_reference(sdk::Verdict::delivered(), ref, url);
    if (ref.size() > longest_ref) return unusable(ref);
    return with_reference(proceed(delivery, {after_known(delivery), ref, url, {}}), ref, url);
  }

  // look: another request about the same ticket, and what it needs to know.
  [[nodiscard]] static sdk::Verdict then(const sdk::Delivery& delivery, TicketTask task, TicketStep step,
                                         std::string extra = {}) {
    task.step = step;
    task.extra = std::move(extra);
    return proceed(delivery, task);
  }

  // update, comment, close.
  [[nodiscard]] static sdk::Verdict done(const TicketTask& task) {
    return with_reference(sdk::Verdict::delivered(), task.ref, task.url);
  }

  // As judge_failure(), but a ticket that was there and is not is told from an endpoint that is not.
  [[nodiscard]] static sdk::Verdict failed(const TicketTask& task, const sdk::Response& response,
                                           std::chrono::milliseconds wait) {
    if ((response.status() != 404 && response.status() != 410) || task.ref.empty())
      return judge_failure(response, wait);
    const auto said = error_text(response);
    const auto detail = "the receiver has no ticket " + task.ref + " any more" + (said.empty() ? "" : ": " + said);
    return sdk::Verdict::reject().reason("ticket_gone").detail(cut(detail, 500, Unit::bytes));
  }

 private:
  // Beyond it nothing is asked for again: the host ends a delivery after step 7, and create, close and comment may
  // follow.
  static constexpr std::uint32_t last_free_step = 4;

  [[nodiscard]] bool may_create(const sdk::Delivery& delivery) const {
    return options_.create_unknown || action_of(delivery) == TicketAction::create;
  }
  static std::string unknown_subject(const sdk::Delivery& delivery) {
    return "no ticket is known for " + std::string(subject_of(delivery)) + ", and this destination creates none for " +
           std::string(delivery.event_type());
  }
  [[nodiscard]] TicketStep after_known(const sdk::Delivery& delivery) const {
    switch (action_of(delivery)) {
      case TicketAction::comment: return TicketStep::comment;
      case TicketAction::close: return options_.looks ? TicketStep::look : TicketStep::close;
      case TicketAction::create:  // again: must not make a second ticket
      case TicketAction::update: break;
    }
    return TicketStep::update;
  }

  static sdk::Verdict unusable(const std::string& ref) {
    return sdk::Verdict::reject()
        .reason("reference_too_long")
        .detail(too_long(ref) + "nothing can be done with the ticket");
  }

  static sdk::Verdict proceed(const sdk::Delivery& delivery, const TicketTask& task) {
    return sdk::Verdict::proceed(boost::json::serialize(
        boost::json::object{{"step", boost::json::string(ticket_step_names[static_cast<std::size_t>(task.step)])},
                            {"attempt", delivery.attempt()},
                            {"ref", task.ref},
                            {"url", kept_url(task.url)},
                            {"extra", task.extra}}));
  }

  // Every step is an attempt: a create or close that is not the attempt right after its search or look is a repetition,
  // and what became of the one before it is asked for again.
  [[nodiscard]] TicketTask carried(const sdk::Delivery& delivery) const {
    const auto carry = delivery.carry();
    const auto name = text_at(carry, "step");
    const auto at = std::ranges::find(ticket_step_names, name);
    if (at == ticket_step_names.end())
      throw sdk::Failure(OPI_E_INVALID,
                         "the carry of step " + std::to_string(delivery.step()) + " is not this adapter's");
    TicketTask task{static_cast<TicketStep>(at - ticket_step_names.begin()), text_at(carry, "ref"),
                    text_at(carry, "url"), text_at(carry, "extra")};
    const bool again = text_at(carry, "attempt") != std::to_string(delivery.attempt() - 1);
    if (!again || delivery.step() > last_free_step) return task;
    if (task.step == TicketStep::create && options_.can_find) task.step = TicketStep::find;
    if (task.step == TicketStep::close && options_.looks) task.step = TicketStep::look;
    return task;
  }

  Options options_;
};

}  // namespace opi::kit
