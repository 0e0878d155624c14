#pragma once
#include <strings.h>

#include <boost/intrusive/list.hpp>
#include <string>
#include <string_view>

#include "delivery/transport.hpp"
#include "egress/deadline_wheel.hpp"
#include "egress/url.hpp"

namespace opi::egress {

class Origin;
class Connection;

// What a request is doing, as a timeout reports it.
enum class Phase { waiting, connecting, sending, awaiting_response, reading_response };

constexpr std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::waiting: return "waiting for a free connection";
    case Phase::connecting: return "connecting";
    case Phase::sending: return "sending the request";
    case Phase::awaiting_response: return "waiting for the response";
    case Phase::reading_response: return "reading the response";
  }
  return "";
}

// One request on its way, from send() to its completion. Its deadline is the request's total timeout.
class Exchange final : public Deadline,
                       public boost::intrusive::list_base_hook<boost::intrusive::tag<struct QueueTag>> {
 public:
  Exchange() = default;
  // What authorises stands in the head: nothing of it stays behind in memory that is given back.
  ~Exchange() {
    ::explicit_bzero(head.data(), head.size());
    ::explicit_bzero(body.data(), body.size());
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  delivery::Transport::Completion done;
  delivery::HttpResponse response;
  Url url;
  std::string origin_key;
  std::shared_ptr<const crypto::ClientCertificate> client_certificate;
  std::string head, body;  // body is part of head where both go through TLS
  MonoTime started{}, deadline{};
  std::chrono::milliseconds timeout{0};
  Origin* origin = nullptr;
  Connection* connection = nullptr;  // that carries it; null while it waits
  bool is_head = false;
  bool repeatable = false;  // harmless if the receiver gets it twice
  bool retried = false;     // its first connection turned out to be stale

 private:
  void expired() override;
};

}  // namespace opi::egress
