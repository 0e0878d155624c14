#pragma once
#include <Poco/Net/HTTPResponse.h>

#include <optional>
#include <string>

#include "deadline.hpp"
#include "private_buffer.hpp"
#include "tls_connection.hpp"

namespace opi::kubernetes {

// An answer of the API server.
struct Answer {
  int status = 0;
  bool is_json = false;
  std::string retry_after;  // as it was sent
  bool keeps_alive = false;
  PrivateBuffer body;
  // Until then the server may have just started, and says 403 of what it allows.
  Deadline in_doubt_until{};
};

// Reads one HTTP/1.1 answer. The head, which holds nothing secret, is POCO's to parse; the body goes through private
// pages alone, where POCO's sessions would keep parts of it in a pool of buffers.
class AnswerReader {
 public:
  // A Secret holds at most 1 MiB: 1.4 MB of base64, with its names, labels and what managers wrote beside it.
  static constexpr std::size_t most_body_bytes = 2 * 1024 * 1024, most_head_bytes = 64 * 1024;

  AnswerReader(TlsConnection& connection, Deadline deadline);
  // Throws sdk::Failure and ConnectionLost.
  Answer read();

 private:
  std::size_t read_head(Poco::Net::HTTPResponse& head);
  void read_length(const std::string& length, PrivateBuffer& body);
  void read_chunks(PrivateBuffer& body);
  std::string_view line();  // without its end; until the next call
  void take(std::size_t n, PrivateBuffer& body);
  void fill();

  TlsConnection& connection_;
  const Deadline deadline_;
  PrivateBuffer raw_;  // what has come; read up to at_
  std::size_t at_ = 0;
};

}  // namespace opi::kubernetes
