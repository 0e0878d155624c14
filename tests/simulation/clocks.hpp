#pragma once
#include "domain/clock.hpp"
#include "support/manual_clock.hpp"

namespace opi::simulation {

// A clock that shows the world's time in its own way: as far off as one likes, and set anew in between.
class OffsetClock final : public Clock {
 public:
  OffsetClock(const Clock& world, std::chrono::milliseconds wall, std::chrono::milliseconds mono)
      : world_(world), wall_(wall), mono_(mono) {}
  [[nodiscard]] UnixTime unix_now() const override { return world_.unix_now() + wall_; }
  [[nodiscard]] MonoTime mono_now() const override { return world_.mono_now() + mono_; }
  // Wall time alone moves, as when an administrator or NTP sets it.
  void jump(std::chrono::milliseconds by) { wall_ += by; }

 private:
  const Clock& world_;
  std::chrono::milliseconds wall_;
  const std::chrono::milliseconds mono_;
};

// What a daemon's session with a database server shows: the server's wall time, the daemon's own monotonic one. What a
// transaction writes bears the time of its beginning; with a lag that is long ago, and what it writes becomes visible
// behind what was written, and claimed, meanwhile.
class SessionClock final : public Clock {
 public:
  SessionClock(const Clock& server, const Clock& daemon) : server_(server), daemon_(daemon) {}
  [[nodiscard]] UnixTime unix_now() const override { return server_.unix_now() - lag_; }
  [[nodiscard]] MonoTime mono_now() const override { return daemon_.mono_now(); }

  // For as long as it lives, the transaction began this much earlier.
  class Lag {
   public:
    Lag(SessionClock& clock, std::chrono::milliseconds lag) : clock_(clock) { clock_.lag_ = lag; }
    ~Lag() { clock_.lag_ = std::chrono::milliseconds{0}; }
    Lag(const Lag&) = delete;
    Lag& operator=(const Lag&) = delete;

   private:
    SessionClock& clock_;
  };

 private:
  const Clock& server_;
  const Clock& daemon_;
  std::chrono::milliseconds lag_{0};
};

}  // namespace opi::simulation
