#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "delivery/transport.hpp"
#include "egress/address_guard.hpp"
#include "egress/resolver.hpp"
#include "egress/tls.hpp"
#include "egress/transport_options.hpp"

namespace opi::egress {

class Loop;

struct TransportStatistics {
  std::uint64_t requests = 0;                             // accepted by send()
  std::uint64_t opened = 0;                               // connections, successfully
  std::uint64_t reused = 0;                               // requests on a connection that had carried one before
  std::uint64_t retried = 0;                              // requests sent once more because their connection was stale
  std::int64_t connections = 0, idle = 0, in_flight = 0;  // now
};

// HTTP/1.1 over TCP and TLS on event loops of its own. Every address is judged by the guard after the name
// was resolved, and the connection goes to that very address. Redirects are not followed, bodies are not
// decompressed. A body beyond the limit is cut: the status counts, body_truncated is set. Requests are never
// repeated but in the one case that connection.hpp describes. The deadlines are kept to within some 10 ms.
//
// Thread-safe. Completions run on the loops' threads, also those that send() itself could have refused.
class HttpTransport final : public delivery::Transport {
 public:
  // `resolver` outlives the transport. Throws std::runtime_error for an unreadable options.tls.ca_file.
  HttpTransport(Resolver& resolver, AddressGuard guard, TransportOptions options);
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  // Stops, and returns when the last completion has. Not to be called from a completion.
  ~HttpTransport() override;

  void send(delivery::HttpRequest request, Completion done) override;

  // Ends all requests with TransportFault::cancelled, and those sent later too. Returns at once; may be
  // called repeatedly and from completions.
  void stop();

  [[nodiscard]] TransportStatistics statistics() const;

 private:
  const TransportOptions options_;
  const AddressGuard guard_;
  TlsContext tls_;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace opi::egress
