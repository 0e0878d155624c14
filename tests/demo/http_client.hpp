#pragma once
#include <cstdint>
#include <string>

namespace opi::demo {

struct HttpReply {
  int status = 0;
  std::string body;
};

// HTTP to a port of 127.0.0.1, a connection for each request. Throws std::runtime_error, which names the request, if
// there is no answer within ten seconds.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : port_(port) {}

  // `token` empty: without one.
  [[nodiscard]] HttpReply get(const std::string& path, const std::string& token = {}) const;
  [[nodiscard]] HttpReply post(const std::string& path, const std::string& token, const std::string& content_type,
                               const std::string& body) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
};

}  // namespace opi::demo
