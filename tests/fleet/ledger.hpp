#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace opi::system_test {

// A receiver that writes down every request with the times at which it had read it and at which it answered: what
// limits of a destination are counted at. Thread-safe.
class Ledger {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    std::string path, subject;
    int number = 0;  // of the event, as the payload says
    Time began, ended;
    int status = 0;  // 0: whoever asked was gone before the answer
  };
  struct Answer {
    int status = 200;
    std::chrono::milliseconds delay{0};
    int retry_after = 0;  // seconds; 0: not said
  };
  // `nth` counts the requests of a path from 1.
  using Judge = std::function<Answer(const std::string& path, int nth)>;

  explicit Ledger(Judge judge);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  [[nodiscard]] std::string url(const std::string& path) const;
  // The requests of a path that have ended, in the order in which they began.
  [[nodiscard]] std::vector<Entry> of(const std::string& path) const;
  [[nodiscard]] int requests(const std::string& path) const;

 private:
  void accept();
  void serve(int connection);
  bool answer(int connection, const std::string& head, const std::string& body);
  bool read_more(int connection, std::string& buffer) const;
  bool gone_within(int connection, std::chrono::milliseconds delay) const;

  const Judge judge_;
  int listener_ = -1, stop_ = -1;  // stop_: readable once it is to end
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::list<std::thread> threads_;
  std::thread accepting_;
};

// The most requests that were under way at the same time.
int most_at_once(const std::vector<Ledger::Entry>& entries);
// How many began within `pause` after an answer of this status.
int inside_pauses(const std::vector<Ledger::Entry>& entries, int status, std::chrono::milliseconds pause);
// How many began although a later event of their subject had begun before.
int out_of_order(const std::vector<Ledger::Entry>& entries);

}  // namespace opi::system_test
