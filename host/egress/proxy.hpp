#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "egress/ip_address.hpp"
#include "egress/url.hpp"

namespace opi::egress {

// The HTTP proxy that leads out of the operator's network, by CONNECT (RFC 9110, section 9.3.6): a tunnel to each
// receiver, in which TLS is the receiver's own. It is asked for the very address that the guard has judged, never for a
// name: what a name leads to there is nobody's judgement. Immutable.
class Proxy {
 public:
  // `url` is http://host[:port]. `credentials` are user:password, or empty. An exception is a host name, a suffix that
  // begins with a dot, or a CIDR block of receivers' addresses. Nullptr, with `error` that repeats nothing of them, if
  // one of these is not what it should be.
  static std::shared_ptr<const Proxy> parse(std::string_view url, std::string_view credentials,
                                            std::span<const std::string> exceptions, std::string& error);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] const Url& url() const { return url_; }
  // Whether a receiver is reached without it.
  [[nodiscard]] bool excepts(std::string_view host, const IpAddress& address) const;
  // The request that asks for a tunnel; it may carry the credentials.
  [[nodiscard]] std::string connect_request(const IpAddress& target, std::uint16_t port) const;

 private:
  Proxy() = default;

  Url url_;
  std::string authorization_;  // the field's value; empty: none
  std::vector<std::string> names_, suffixes_;
  std::vector<Cidr> blocks_;
};

// What a proxy has answered.
struct TunnelAnswer {
  enum class Kind {
    incomplete,   // more of it has to come
    opened,       // 2xx: from here on the receiver speaks
    unreachable,  // 502, 503, 504: it tried, and could not reach the address
    refused,      // it will not, whoever the receiver is
    malformed,    // no HTTP, too long, or with bytes behind its head that nobody has asked for
  };
  Kind kind = Kind::incomplete;
  int status = 0;
};
inline constexpr std::size_t max_tunnel_answer_bytes = 8 * 1024;
TunnelAnswer read_tunnel_answer(std::string_view bytes);

}  // namespace opi::egress
