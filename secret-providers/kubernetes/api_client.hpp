#pragma once
#include <mutex>
#include <opi/plugin.hpp>
#include <string>

#include "answer_reader.hpp"
#include "resolver.hpp"
#include "session.hpp"

namespace opi::kubernetes {

// GETs of the API server. Repeated once are: a request on a kept connection that the server had closed; 401, with the
// token read again. After a 429 nobody asks before its time. Thread-safe.
class ApiClient {
 public:
  // An API server that has just started says 403 of what it allows. It is older than any connection to it.
  static constexpr std::chrono::seconds settling{1};
  static constexpr std::chrono::seconds longest_pause{60};

  ApiClient(const Settings& settings, sdk::Host host) : sessions_(settings, host) {}

  // Throws sdk::Failure if there was no answer, or it must not be asked for now (BUSY).
  Answer get(const std::string& path, const std::string& accept, Deadline deadline);
  // Waits until the server is known to have settled when it is asked again. False, at once: it had, or there is no
  // time.
  static bool await_settled(const Answer& answer, Deadline deadline);
  // Why the access cannot be used now, if so. Asks nobody.
  void check_access() { (void)sessions_.current(); }

 private:
  Answer exchange(Session& session, const std::string& path, const std::string& accept, Deadline deadline);
  static Answer ask(TlsConnection& connection, const PrivateBuffer& request, Deadline deadline);
  void heed_pause();
  void note_pause(const Answer& answer);

  Sessions sessions_;
  Resolver resolver_;
  std::mutex mutex_;
  Clock::time_point paused_until_;
};

}  // namespace opi::kubernetes
