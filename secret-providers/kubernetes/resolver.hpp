#pragma once
#include <Poco/Net/IPAddress.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "deadline.hpp"

namespace opi::kubernetes {

// Addresses of the API server's host by a deadline, which the system's resolver knows nothing of: a name is looked up
// by a thread beside, one at a time, and whoever waits no longer leaves it to the next. In a cluster the host is an
// address, and there is no thread. Thread-safe.
class Resolver {
 public:
  Resolver() = default;
  ~Resolver();  // waits for a lookup that is under way
  Resolver(const Resolver&) = delete;

  // Throws sdk::Failure.
  std::vector<Poco::Net::IPAddress> addresses(const std::string& host, Deadline deadline);

 private:
  struct Found {
    std::string host;
    std::vector<Poco::Net::IPAddress> addresses;
    Clock::time_point at;
  };
  void start(const std::string& host);

  std::mutex mutex_;
  std::condition_variable ended_;
  bool busy_ = false;
  std::optional<Found> last_;
  std::thread thread_;
};

}  // namespace opi::kubernetes
