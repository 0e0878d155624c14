#pragma once
#include <memory>
#include <mutex>
#include <opi/plugin.hpp>
#include <vector>

#include "access.hpp"
#include "deadline.hpp"
#include "tls_connection.hpp"
#include "tls_context.hpp"

namespace opi::kubernetes {

// One reading of the access, and the connections that were made with it. Thread-safe.
class Session {
 public:
  static constexpr std::size_t most_idle = 8;
  // An API server closes connections after 90 s without a word.
  static constexpr std::chrono::seconds longest_idle{60};

  explicit Session(Access access) : access_(std::move(access)), context_(make_tls_context(access_)) {}

  [[nodiscard]] const Access& access() const { return access_; }
  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }
  // One that seems to be open still; null: none.
  std::unique_ptr<TlsConnection> take();
  void give_back(std::unique_ptr<TlsConnection> connection);
  void forget_idle();

 private:
  struct Idle {
    std::unique_ptr<TlsConnection> connection;
    Clock::time_point since;
  };
  const Access access_;
  const TlsContext context_;
  std::mutex mutex_;
  std::vector<Idle> idle_;
};

// The session of now: the files of the access are read again when one of them changes, every minute, and when the API
// server refuses the token. A token's own "exp" is no guide: a pod's is a year off. Thread-safe.
class Sessions {
 public:
  static constexpr std::chrono::seconds read_again_after{60}, pause_after_failure{2};

  Sessions(const Settings& settings, sdk::Host host) : settings_(settings), host_(host) {}

  // Throws sdk::Failure if there never was one.
  std::shared_ptr<Session> current();
  // The API server refused the token of `seen`.
  std::shared_ptr<Session> renewed(const std::shared_ptr<Session>& seen);

 private:
  void read();

  const Settings& settings_;
  const sdk::Host host_;
  std::mutex mutex_;
  std::shared_ptr<Session> session_;
  Clock::time_point read_at_, failed_until_;
};

}  // namespace opi::kubernetes
