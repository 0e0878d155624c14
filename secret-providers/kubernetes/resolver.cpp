#include "resolver.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <pthread.h>
#include <signal.h>

#include <opi/plugin.hpp>

namespace opi::kubernetes {
namespace {

using sdk::Failure;

constexpr std::chrono::seconds kept{60}, failure_kept{1};

std::vector<Poco::Net::IPAddress> look_up(const std::string& host) {
  try {
    return Poco::Net::DNS::hostByName(host).addresses();
  } catch (const Poco::Exception&) {
    return {};
  }
}

}  // namespace

Resolver::~Resolver() {
  if (thread_.joinable()) thread_.join();
}

std::vector<Poco::Net::IPAddress> Resolver::addresses(const std::string& host, Deadline deadline) {
  if (Poco::Net::IPAddress literal; Poco::Net::IPAddress::tryParse(host, literal)) return {literal};
  std::unique_lock lock(mutex_);
  for (;;) {
    if (last_ && last_->host == host && Clock::now() < last_->at + (last_->addresses.empty() ? failure_kept : kept)) {
      if (last_->addresses.empty()) throw Failure(OPI_E_FAILED, "the API server's host name cannot be resolved");
      return last_->addresses;
    }
    if (!busy_) start(host);
    if (ended_.wait_until(lock, deadline) == std::cv_status::timeout)
      throw Failure(OPI_E_TIMEOUT, "the API server's host name was not resolved in time");
  }
}

void Resolver::start(const std::string& host) {
  if (thread_.joinable()) thread_.join();  // it has ended
  // Signals are the host's threads' to take.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  busy_ = true;
  try {
    thread_ = std::thread([this, host] {
      auto found = look_up(host);
      const std::lock_guard lock(mutex_);
      last_ = Found{host, std::move(found), Clock::now()};
      busy_ = false;
      ended_.notify_all();
    });
  } catch (const std::system_error&) {
    busy_ = false;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw Failure(OPI_E_BUSY, "no thread for a lookup of the API server's host name");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace opi::kubernetes
