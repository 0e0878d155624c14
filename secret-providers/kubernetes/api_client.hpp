#pragma once
#include <mutex>
#include <opi/plugin.hpp>
#include <string>

#include "answer_reader.hpp"
#include "recent_names.hpp"
#include "resolver.hpp"
#include "session.hpp"

namespace opi::kubernetes {

// GETs of the API server. Repeated once are: a request on a kept connection that the server had closed; 401, with the
// token read again; 403 after a pause, for an API server that has just started says so of what it allows a moment
// later. After a 429 nobody asks before its time. Thread-safe.
class ApiClient {
 public:
  static constexpr std::chrono::milliseconds pause_after_403{500};
  static constexpr std::chrono::seconds longest_pause{60};

  ApiClient(const Settings& settings, sdk::Host host) : sessions_(settings, host) {}

  // Throws sdk::Failure if there was no answer, or it must not be asked for now (BUSY).
  Answer get(const std::string& path, const std::string& accept, Deadline deadline);
  // Why the access cannot be used now, if so. Asks nobody.
  void check_access() { (void)sessions_.current(); }

 private:
  Answer exchange(Session& session, const std::string& path, const std::string& accept, Deadline deadline);
  static Answer ask(TlsConnection& connection, const PrivateBuffer& request, Deadline deadline);
  void heed_pause();
  void note_pause(const Answer& answer);

  Sessions sessions_;
  Resolver resolver_;
  RecentNames forbidden_;  // paths whose last answer was 403
  std::mutex mutex_;
  Clock::time_point paused_until_;
};

}  // namespace opi::kubernetes
