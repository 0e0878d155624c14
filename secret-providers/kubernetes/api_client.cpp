#include "api_client.hpp"

#include <algorithm>
#include <charconv>
#include <thread>

namespace opi::kubernetes {
namespace {

using sdk::Failure;

constexpr int unauthorized = 401, too_many_requests = 429;
constexpr std::size_t most_request_bytes = 1024 * 1024;

std::string host_header(const Access& access) {
  const bool v6 = access.host.find(':') != std::string::npos;
  return (v6 ? "[" + access.host + "]" : access.host) + ":" + access.port;
}

PrivateBuffer request_of(const Access& access, const std::string& path, const std::string& accept) {
  PrivateBuffer request(most_request_bytes);
  bool whole = request.append("GET " + access.path_prefix + path + " HTTP/1.1\r\nHost: " + host_header(access) +
                              "\r\nAccept: " + accept + "\r\nUser-Agent: integrationsd\r\n");
  if (access.token)
    whole = whole && request.append("Authorization: Bearer ") && request.append(access.token->view()) &&
            request.append("\r\n");
  if (!whole || !request.append("\r\n")) throw Failure(OPI_E_FAILED, "the request to the API server is too large");
  return request;
}

std::uint16_t port_of(const Access& access) {
  std::uint16_t port = 0;
  const auto* const end = access.port.data() + access.port.size();
  if (const auto [at, error] = std::from_chars(access.port.data(), end, port);
      error != std::errc{} || at != end || port == 0)
    throw Failure(OPI_E_FAILED, "the API server's port is none");
  return port;
}

std::chrono::seconds pause_of(const std::string& retry_after) {
  int seconds = 0;
  const auto* const end = retry_after.data() + retry_after.size();
  const auto [at, error] = std::from_chars(retry_after.data(), end, seconds);
  if (error != std::errc{} || at != end) return std::chrono::seconds{1};
  return std::clamp(std::chrono::seconds{seconds}, std::chrono::seconds{1}, ApiClient::longest_pause);
}

}  // namespace

Answer ApiClient::get(const std::string& path, const std::string& accept, Deadline deadline) {
  heed_pause();
  auto session = sessions_.current();
  for (bool token_read_again = false;; token_read_again = true) {
    auto answer = exchange(*session, path, accept, deadline);
    if (answer.status == unauthorized && !token_read_again) {
      session = sessions_.renewed(session);
      continue;
    }
    if (answer.status == too_many_requests) note_pause(answer);
    return answer;
  }
}

bool ApiClient::await_settled(const Answer& answer, Deadline deadline) {
  // As long again for the answer that follows.
  if (Clock::now() >= answer.in_doubt_until || answer.in_doubt_until + settling > deadline) return false;
  std::this_thread::sleep_until(answer.in_doubt_until);
  return true;
}

Answer ApiClient::exchange(Session& session, const std::string& path, const std::string& accept, Deadline deadline) {
  const auto request = request_of(session.access(), path, accept);
  auto connection = session.take();
  try {
    if (connection) {
      const auto before = connection->received();
      try {
        auto answer = ask(*connection, request, deadline);
        if (answer.keeps_alive) session.give_back(std::move(connection));
        return answer;
      } catch (const ConnectionLost&) {
        if (connection->received() != before) throw;
        session.forget_idle();  // the server has been restarted, it seems
      }
    }
    connection =
        std::make_unique<TlsConnection>(session.context(), resolver_.addresses(session.access().host, deadline),
                                        port_of(session.access()), session.access().server_name, deadline);
    auto answer = ask(*connection, request, deadline);
    if (answer.keeps_alive) session.give_back(std::move(connection));
    return answer;
  } catch (const ConnectionLost& lost) {
    throw Failure(OPI_E_FAILED, std::string("no whole answer from the API server: ") + lost.what());
  } catch (const Failure& failure) {
    // Connections to a server that has gone silent are silent, too.
    if (failure.status() == OPI_E_TIMEOUT) session.forget_idle();
    throw;
  }
}

Answer ApiClient::ask(TlsConnection& connection, const PrivateBuffer& request, Deadline deadline) {
  connection.write(request.view(), deadline);
  auto answer = AnswerReader(connection, deadline).read();
  answer.in_doubt_until = connection.made_at() + settling;
  return answer;
}

void ApiClient::heed_pause() {
  const std::lock_guard lock(mutex_);
  const auto left = std::chrono::ceil<std::chrono::seconds>(paused_until_ - Clock::now());
  if (left.count() > 0)
    throw Failure(OPI_E_BUSY,
                  "the API server asked for a pause (429), of which " + std::to_string(left.count()) + " s are left");
}

void ApiClient::note_pause(const Answer& answer) {
  const std::lock_guard lock(mutex_);
  paused_until_ = std::max(paused_until_, Clock::now() + pause_of(answer.retry_after));
}

}  // namespace opi::kubernetes
