#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/client_certificate.hpp"
#include "domain/ids.hpp"
#include "domain/outcome.hpp"

namespace opi::delivery {

struct Header {
  std::string name, value;
  bool operator==(const Header&) const = default;
};

// A request as it goes out. Header names and values are valid tokens and field values: checked when built.
struct HttpRequest {
  std::string method;
  std::string url;              // absolute http or https
  std::vector<Header> headers;  // without host, content-length, connection: those are the transport's
  std::string body;
  // Of everything: resolve, connect, TLS, send, receive. Unless somebody shortens it, the longest that a policy may ask
  // for: the policy's own is what counts.
  std::chrono::milliseconds timeout{120'000};
  std::shared_ptr<const crypto::ClientCertificate> client_certificate;  // shown in TLS; null: none
  TenantId tenant;                                                      // whose share of connections it goes by
};

struct HttpResponse {
  TransportFault fault = TransportFault::none;
  std::string fault_detail;   // for people; names neither host nor address, and nothing of headers or bodies
  std::string peer;           // with a fault: host, port and the addresses that came up, for the log alone
  bool request_sent = false;  // all of it was handed to the kernel: the receiver may have acted on it
  int status = 0;             // 0 with a fault
  std::vector<Header> headers;
  std::string body;  // at most the transport's cap; the rest is cut off
  bool body_truncated = false;
  std::chrono::milliseconds elapsed{0};
};

// Outbound HTTP. Thread-safe.
class Transport {
 public:
  using Completion = std::function<void(HttpResponse&&)>;
  virtual ~Transport() = default;
  // Starts the exchange; `done` is called exactly once, on one of the transport's threads, never inside
  // send(). It must not block or throw.
  virtual void send(HttpRequest request, Completion done) = 0;
};

}  // namespace opi::delivery
