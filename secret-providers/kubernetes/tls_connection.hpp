#pragma once
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "deadline.hpp"

namespace opi::kubernetes {

// The other side has closed or broken the connection.
class ConnectionLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A TLS connection whose every step ends by the deadline, which POCO's own secure sockets do not offer: they bound each
// read of the handshake, not the handshake, so that a server that sends a byte now and then is waited for without end.
// Sockets are POCO's; OpenSSL works on memory and judges the certificate within the handshake.
class TlsConnection {
 public:
  // The first of the addresses that answers. Throws sdk::Failure: TIMEOUT, or FAILED with the reason.
  TlsConnection(SSL_CTX* context, const std::vector<Poco::Net::IPAddress>& addresses, Poco::UInt16 port,
                const std::string& server_name, Deadline deadline);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;

  // Both throw ConnectionLost, and sdk::Failure (TIMEOUT).
  void write(std::string_view bytes, Deadline deadline);
  std::size_t read(std::span<char> room, Deadline deadline);  // at least one byte

  [[nodiscard]] Clock::time_point made_at() const { return made_at_; }
  // Bytes that were read so far.
  [[nodiscard]] std::uint64_t received() const { return received_; }
  // Whether nothing has come that nobody asked for, such as the end.
  [[nodiscard]] bool is_idle() const;

 private:
  void connect(const std::vector<Poco::Net::IPAddress>& addresses, Poco::UInt16 port, Deadline deadline);
  void expect(const std::string& server_name);
  void handshake(Deadline deadline);
  template <class Step>
  int run(Step&& step, Deadline deadline);
  void flush(Deadline deadline);
  void fill(Deadline deadline);

  Poco::Net::StreamSocket socket_;
  struct FreeSsl {
    void operator()(SSL* ssl) const { ::SSL_free(ssl); }
  };
  std::unique_ptr<SSL, FreeSsl> ssl_;
  BIO* incoming_ = nullptr;  // the SSL's
  BIO* outgoing_ = nullptr;
  std::uint64_t received_ = 0;
  Clock::time_point made_at_;
};

}  // namespace opi::kubernetes
