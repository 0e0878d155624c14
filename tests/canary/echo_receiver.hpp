#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace Poco::Net {
class HTTPServer;
}

namespace opi::canary_test {

// A receiver on 127.0.0.1 that answers with the status at the beginning of its path, such as "/503/hooks". Below 300 it
// is well-behaved. Above, it gives back what it was sent, Authorization, signature and URL, and what it was told to
// know, each in plain, base64, hex and percent-encoded, in its body and its headers, under names that look harmless;
// with each request it begins at another of them, so that a bound on what is stored does not hide one for ever.
//
// "/200/token" is a token endpoint that issues the token, "/401/token" one that refuses everybody and repeats what it
// was sent.
class EchoReceiver {
 public:
  using Known = std::map<int, std::vector<std::string>>;  // by status
  EchoReceiver(Known known, std::string access_token);
  ~EchoReceiver();
  EchoReceiver(const EchoReceiver&) = delete;
  EchoReceiver& operator=(const EchoReceiver&) = delete;

  [[nodiscard]] std::string origin() const;  // "127.0.0.1:<port>"
  [[nodiscard]] int requests() const { return requests_; }

 private:
  class Handler;
  class Factory;
  const Known known_;
  const std::string access_token_;
  std::atomic<int> requests_ = 0;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace opi::canary_test
