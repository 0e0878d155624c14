#pragma once
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "egress/connection.hpp"
#include "egress/exchange.hpp"
#include "egress/place.hpp"
#include "egress/tls.hpp"
#include "egress/url.hpp"
#include "foundation/fair_queue.hpp"

namespace opi::egress {

class Loop;

// The connections to one scheme, host and port with one client certificate, if any, and the requests that wait for one.
// Tenants share the places, by the rule of TenantShares, and are served in turns: one whose requests are answered
// slowly, or never, waits for its own. A connection goes from hand to hand. It is opened for one tenant's request, and
// if that fails, it fails for that tenant. For the loop's thread only.
class Origin final {
 public:
  // `url` names the origin; its target is ignored. `loop` outlives the origin.
  Origin(Loop& loop, Url url);

  [[nodiscard]] const Url& url() const { return url_; }
  TlsSession& tls_session() { return tls_session_; }
  // Null: none is shown.
  [[nodiscard]] const crypto::ClientCertificate* client_certificate() const { return client_certificate_.get(); }
  [[nodiscard]] bool unused() const {
    return open_ == 0 && waiting_.empty() && fresh_waiting_.empty() && starving_.empty();
  }

  void submit(std::unique_ptr<Exchange> exchange);
  // Again, after a stale connection, and only on one that was never used before.
  void retry(std::unique_ptr<Exchange> exchange);
  // Out of the queue, because its time is up.
  void expire(Exchange& exchange);
  void cancel_all();
  // There may be a place in the loop for this tenant, for which there was none.
  void feed(const TenantId& tenant);

  // From its connections.
  void connected(Connection& connection);
  void released(Connection& connection);  // idle again after an exchange
  // Before closed(); `addresses` are for the log.
  void connect_failed(Connection& connection, TransportFault fault, const std::string& detail,
                      const std::string& addresses);
  void closed(Connection& connection, bool was_connecting);

 private:
  using Queue = FairQueue<TenantId, std::unique_ptr<Exchange>>;
  void serve();
  void open_for(Queue& queue);
  Connection& take_idle();
  void carry(Connection& connection, std::unique_ptr<Exchange> exchange);
  bool admits(const TenantId& tenant);
  [[nodiscard]] std::size_t connecting_for(const TenantId& tenant) const;
  void connecting_ended(const TenantId& tenant);
  void let_go(Connection& connection);
  void rest(Connection& connection);

  Loop& loop_;
  const Url url_;
  Shares shares_;  // of what carries a request or is opened for one
  Queue waiting_;
  Queue fresh_waiting_;                                   // wait for a connection never used before; served first
  std::unordered_map<TenantId, std::size_t> connecting_;  // connections being opened, by whom they are for
  std::set<TenantId> starving_;                           // those that have the loop call feed()
  boost::intrusive::list<Connection, boost::intrusive::base_hook<IdleHook>> idle_;  // last used first
  std::size_t open_ = 0;  // connections, those being connected included
  TlsSession tls_session_;
  // Of the exchanges; held only while there are some or connections, so that no old key is.
  std::shared_ptr<const crypto::ClientCertificate> client_certificate_;
};

}  // namespace opi::egress
