#pragma once
#include <strings.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

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
class Exchange final : public Deadline {
 public:
  Exchange() = default;
  // Whatever went wrong on its way, who sent it is told, once.
  // What authorises stands in the head: nothing of it stays behind in memory that is given back.
  ~Exchange() override {
    if (done) complete_as_lost();
    ::explicit_bzero(head.data(), head.size());
    ::explicit_bzero(body.data(), body.size());
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Calls `done` with the response.
  void complete() {
    disarm();
    if (auto* const counted = std::exchange(in_flight, nullptr)) counted->fetch_sub(1, std::memory_order_relaxed);
    const auto tell = std::exchange(done, nullptr);
    tell(std::move(response));
  }

  delivery::Transport::Completion done;
  delivery::HttpResponse response;
  Url url;
  std::string origin_key;
  TenantId tenant;  // whose share of connections it goes by
  std::shared_ptr<const crypto::ClientCertificate> client_certificate;
  std::string head, body;  // body is part of head where both go through TLS
  MonoTime started{}, deadline{};
  std::chrono::milliseconds timeout{0};
  Origin* origin = nullptr;
  Connection* connection = nullptr;                // that carries it; null while it waits
  std::atomic<std::int64_t>* in_flight = nullptr;  // in which it is counted, from when it is
  bool is_head = false;
  bool repeatable = false;  // harmless if the receiver gets it twice
  bool retried = false;     // its first connection turned out to be stale

 private:
  void expired() override;
  void complete_as_lost() noexcept;
};

}  // namespace opi::egress
