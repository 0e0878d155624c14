#include "tls_connection.hpp"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Timespan.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <opi/plugin.hpp>

namespace opi::kubernetes {
namespace {

using Poco::Net::Socket;
using sdk::Failure;

constexpr std::size_t record_bytes = 16 * 1024;

[[noreturn]] void time_out() { throw Failure(OPI_E_TIMEOUT, "the API server did not answer in time"); }

// Waits until the socket can be read or written.
bool wait(const Poco::Net::StreamSocket& socket, int mode, Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
  return left.count() > 0 && socket.poll(Poco::Timespan(left.count()), mode | Socket::SELECT_ERROR);
}

}  // namespace

TlsConnection::TlsConnection(SSL_CTX* context, const std::vector<Poco::Net::IPAddress>& addresses, Poco::UInt16 port,
                             const std::string& server_name, Deadline deadline)
    : ssl_(::SSL_new(context)) {
  incoming_ = ::BIO_new(::BIO_s_mem());
  outgoing_ = ::BIO_new(::BIO_s_mem());
  if (!ssl_ || incoming_ == nullptr || outgoing_ == nullptr) throw std::bad_alloc();
  ::SSL_set_bio(ssl_.get(), incoming_, outgoing_);
  ::SSL_set_connect_state(ssl_.get());
  expect(server_name);
  connect(addresses, port, deadline);
  handshake(deadline);
  made_at_ = Clock::now();
}

TlsConnection::~TlsConnection() = default;

void TlsConnection::expect(const std::string& server_name) {
  auto* const rules = ::SSL_get0_param(ssl_.get());
  ::X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  Poco::Net::IPAddress address;
  const bool named = Poco::Net::IPAddress::tryParse(server_name, address)
                         ? ::X509_VERIFY_PARAM_set1_ip_asc(rules, server_name.c_str()) == 1
                         : ::SSL_set1_host(ssl_.get(), server_name.c_str()) == 1 &&
                               ::SSL_set_tlsext_host_name(ssl_.get(), server_name.c_str()) == 1;
  if (!named) throw Failure(OPI_E_FAILED, "the API server's name is none that a certificate can have");
}

void TlsConnection::connect(const std::vector<Poco::Net::IPAddress>& addresses, Poco::UInt16 port, Deadline deadline) {
  std::string why = "it has no address";
  auto left = static_cast<int>(addresses.size());
  for (const auto& address : addresses) {
    const auto until = Clock::now() + (deadline - Clock::now()) / left--;
    try {
      socket_ = Poco::Net::StreamSocket();
      socket_.connectNB(Poco::Net::SocketAddress(address, port));
      if (!wait(socket_, Socket::SELECT_WRITE, until)) {
        why = "no answer";
        continue;
      }
      if (const int error = socket_.impl()->socketError(); error != 0) {
        why = std::strerror(error);
        continue;
      }
      socket_.setNoDelay(true);
      return;
    } catch (const Poco::Exception& fault) {
      why = fault.message().empty() ? fault.name() : fault.message();
    }
  }
  if (Clock::now() >= deadline) time_out();
  throw Failure(OPI_E_FAILED, "the API server cannot be reached (" + why + ")");
}

void TlsConnection::handshake(Deadline deadline) {
  try {
    (void)run([this] { return ::SSL_do_handshake(ssl_.get()); }, deadline);
  } catch (const ConnectionLost& lost) {
    if (const auto judged = ::SSL_get_verify_result(ssl_.get()); judged != X509_V_OK)
      throw Failure(OPI_E_FAILED, std::string("the API server's certificate is refused (") +
                                      ::X509_verify_cert_error_string(judged) + ")");
    throw Failure(OPI_E_FAILED, std::string("no TLS with the API server: ") + lost.what());
  }
}

void TlsConnection::write(std::string_view bytes, Deadline deadline) {
  (void)run([&] { return ::SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }, deadline);
}

std::size_t TlsConnection::read(std::span<char> room, Deadline deadline) {
  const int most = static_cast<int>(std::min<std::size_t>(room.size(), INT_MAX));
  const auto n = static_cast<std::size_t>(run([&] { return ::SSL_read(ssl_.get(), room.data(), most); }, deadline));
  received_ += n;
  return n;
}

bool TlsConnection::is_idle() const {
  try {
    return ::SSL_pending(ssl_.get()) == 0 &&
           !socket_.poll(Poco::Timespan(0), Socket::SELECT_READ | Socket::SELECT_ERROR);
  } catch (const Poco::Exception&) {
    return false;
  }
}

// Repeats a step of OpenSSL, carrying its records between memory and socket, until it succeeds.
template <class Step>
int TlsConnection::run(Step&& step, Deadline deadline) {
  for (;;) {
    ::ERR_clear_error();
    const int done = step();
    const int state = done > 0 ? SSL_ERROR_NONE : ::SSL_get_error(ssl_.get(), done);
    const auto error = ::ERR_peek_last_error();
    flush(deadline);
    switch (state) {
      case SSL_ERROR_NONE: return done;
      case SSL_ERROR_WANT_READ: fill(deadline); break;
      case SSL_ERROR_WANT_WRITE: break;
      case SSL_ERROR_ZERO_RETURN: throw ConnectionLost("the API server has closed the connection");
      default: {
        const char* const reason = ::ERR_reason_error_string(error);
        ::ERR_clear_error();
        throw ConnectionLost(reason == nullptr ? "the connection is broken" : reason);
      }
    }
  }
}

void TlsConnection::flush(Deadline deadline) {
  char* bytes = nullptr;
  auto left = BIO_get_mem_data(outgoing_, &bytes);
  try {
    while (left > 0) {
      // A closed connection is an error to read, not a signal.
      const int sent = socket_.sendBytes(bytes, static_cast<int>(std::min<long>(left, INT_MAX)), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes += sent;
        left -= sent;
      } else if (!wait(socket_, Socket::SELECT_WRITE, deadline)) {
        time_out();
      }
    }
  } catch (const Poco::Exception&) {
    throw ConnectionLost("the connection to the API server is broken");
  }
  (void)BIO_reset(outgoing_);
}

void TlsConnection::fill(Deadline deadline) {
  std::array<char, record_bytes> bytes;
  try {
    if (!wait(socket_, Socket::SELECT_READ, deadline)) time_out();
    const int n = socket_.receiveBytes(bytes.data(), static_cast<int>(bytes.size()));
    if (n < 0) return;
    if (n == 0) throw ConnectionLost("the API server has closed the connection");
    if (::BIO_write(incoming_, bytes.data(), n) != n) throw std::bad_alloc();
  } catch (const Poco::Exception&) {
    throw ConnectionLost("the connection to the API server is broken");
  }
}

}  // namespace opi::kubernetes
