#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/claim.hpp"
#include "delivery/transport.hpp"
#include "domain/destination.hpp"
#include "domain/hold.hpp"
#include "domain/outcome.hpp"
#include "secrets/confidential.hpp"
#include "secrets/secret_set.hpp"

namespace opi::delivery {

// What an adapter is told about the attempt it renders or interprets.
struct AttemptContext {
  const Event& event;
  const Destination& destination;
  const DeliveryId& delivery;
  const IdempotencyKey& idempotency_key;
  int attempt_number = 1;
  UnixTime now{};
  UnixTime created_at{};
  std::array<std::uint8_t, 16> nonce{};
  int step = 0;                                     // of a delivery in several requests (Verdict::proceed)
  std::string_view carry;                           // of the outcome that ended the step before
  std::string_view prior_ref = {}, prior_url = {};  // what the receiver calls the event's subject; empty: nothing yet
  // What the response to interpret may hold, and the adapter's log must not repeat; null: nothing.
  std::shared_ptr<const secrets::Confidential> confidential = nullptr;
};

struct StepLimits {
  static constexpr int steps = 8;
  static constexpr std::size_t carry_bytes = 16 * 1024;
};

struct Rendering {
  bool ok = false;
  HttpRequest request;                     // url, headers, body, with secrets inserted and signatures made
  bool url_is_secret = false;              // the URL is the value of a secret
  bool elsewhere = false;                  // it goes neither to the endpoint's origin nor to a host of the manifest's
  bool is_signed = false;                  // at least one MAC with a live secret was made during the rendering
  std::string error;                       // if not ok, for people; without secrets
  bool retryable = false;                  // if not ok: trying again may help
  std::vector<std::string> used_purposes;  // whose secrets are in the request
  std::vector<std::shared_ptr<const secrets::Secret>> sent;  // see SecretSet::sent
  std::string unusable_purpose;  // whose secret was asked for, and there is none that can be used
  std::string held;              // if not ok, and the adapter cannot be asked now: why
  HoldCause held_cause = HoldCause::adapter_unavailable;
};

// A plugin's component, configured for one destination. Functions are pure and thread-safe.
class Adapter {
 public:
  virtual ~Adapter() = default;
  [[nodiscard]] virtual Rendering render(const AttemptContext& context, const secrets::SecretSet& secrets) const = 0;
  // Has the answer as the receiver gave it. What it returns may repeat a secret that the receiver has repeated.
  [[nodiscard]] virtual Outcome interpret(const AttemptContext& context, const HttpResponse& response) const = 0;

  // The same for callers that must not wait: `done` is called exactly once, within the call or later on another thread.
  // What the arguments refer to, secrets, response and the adapter must live until then.
  using Rendered = std::function<void(Rendering&&)>;
  using Interpreted = std::function<void(Outcome&&)>;
  virtual void begin_render(const AttemptContext& context, const secrets::SecretSet& secrets, Rendered done) const {
    done(render(context, secrets));
  }
  virtual void begin_interpret(const AttemptContext& context, const HttpResponse& response, Interpreted done) const {
    done(interpret(context, response));
  }
};

struct AdapterLookup {
  std::shared_ptr<const Adapter> adapter;  // null: the destination is held, or waits for it
  std::string held_reason = {};            // why, for people
  bool pending = false;                    // it is being made; AdapterRegistry::on_ready() tells when to ask again
  HoldCause held_cause = HoldCause::adapter_unavailable;
};

// Loaded adapters by component id. Thread-safe.
class AdapterRegistry {
 public:
  virtual ~AdapterRegistry() = default;
  // The adapter of this destination at this revision; made on first use and kept until the revision changes. Never
  // waits for a plugin: what takes one is made elsewhere, and is pending until then. A missing plugin or a refused
  // configuration holds the destination, it fails nothing.
  virtual AdapterLookup find(const Destination& destination) = 0;

  // The same for who has time, and wants to know whether the adapter would serve the destination though nothing is due:
  // one that says so only when it is called is asked, once a revision and build. It waits for a plugin that runs in a
  // process of its own.
  virtual AdapterLookup examine(const Destination& destination) { return find(destination); }

  // Who is told that a destination's adapter, which was pending, is pending no more: it is there, or held with a
  // reason. Once after each making, be it before find() has returned to who asked first; on a thread of the registry's
  // and under no lock of its; it must not block or throw. To be set before the first find(). A registry whose adapters
  // are never pending has nobody to tell.
  using Ready = std::function<void(const DestinationId& destination)>;
  virtual void on_ready(Ready /*ready*/) {}
};

}  // namespace opi::delivery
