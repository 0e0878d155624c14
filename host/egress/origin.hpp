#pragma once
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "egress/connection.hpp"
#include "egress/exchange.hpp"
#include "egress/tls.hpp"
#include "egress/url.hpp"

namespace opi::egress {

class Loop;

// The connections to one scheme, host and port with one client certificate, if any, and the requests that wait for one,
// first come first served. For the loop's thread only.
class Origin final : public boost::intrusive::list_base_hook<> {
 public:
  // `url` names the origin; its target is ignored. `loop` outlives the origin.
  Origin(Loop& loop, Url url);

  [[nodiscard]] const Url& url() const { return url_; }
  TlsSession& tls_session() { return tls_session_; }
  // Null: none is shown.
  [[nodiscard]] const crypto::ClientCertificate* client_certificate() const { return client_certificate_.get(); }
  [[nodiscard]] bool unused() const { return open_ == 0 && waiting_.empty() && fresh_waiting_.empty() && !is_linked(); }

  void submit(std::unique_ptr<Exchange> exchange);
  // Again, after a stale connection, and only on one that was never used before.
  void retry(std::unique_ptr<Exchange> exchange);
  // Out of the queue, because its time is up.
  void expire(Exchange& exchange);
  void cancel_all();

  // From its connections.
  void connected(Connection& connection);
  void released(Connection& connection);  // idle again after an exchange
  // Before closed(); `addresses` are for the log.
  void connect_failed(TransportFault fault, const std::string& detail, const std::string& addresses);
  void closed(Connection& connection, bool was_connecting);

  // Opens connections for those who wait, up to the limits.
  void grow();

 private:
  using Queue = boost::intrusive::list<
      Exchange, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<QueueTag>>>>;
  static std::unique_ptr<Exchange> pop(Queue& queue);
  void rest(Connection& connection);

  Loop& loop_;
  const Url url_;
  Queue waiting_;
  Queue fresh_waiting_;  // wait for a connection never used before; served first
  boost::intrusive::list<Connection, boost::intrusive::base_hook<IdleHook>> idle_;  // last used first
  std::size_t open_ = 0;  // connections, those being connected included
  std::size_t connecting_ = 0;
  TlsSession tls_session_;
  // Of the exchanges; held only while there are some or connections, so that no old key is.
  std::shared_ptr<const crypto::ClientCertificate> client_certificate_;
};

}  // namespace opi::egress
