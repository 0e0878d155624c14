#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "egress/ip_address.hpp"

namespace opi::egress {

struct AddressVerdict {
  bool allowed = false;
  std::string_view reason;  // the kind of address, such as "loopback"; empty if allowed; static lifetime
};

// Where plain HTTP, which anybody on the way can read and change, may go.
enum class PlainHttp {
  listed,  // to what the operator's list permits, such as receivers in a network of one's own
  any,     // wherever https may
};

// Decides to which addresses the daemon may connect. Immutable and thread-safe.
//
// Refused are all blocks of special_purpose.hpp and everything outside of IPv6 global unicast. The
// operator's list lifts that, with two exceptions that hold against a broader block and yield only to the
// very address (a /32 or /128):
// - metadata services;
// - an address that carries an IPv4 address (IPv4-mapped and -compatible, NAT64, 6to4, Teredo): the
//   carried one must be permitted as well, or 64:ff9b::a00:1 would be a way round a refused 10.0.0.1.
class AddressGuard {
 public:
  AddressGuard() = default;
  explicit AddressGuard(std::vector<Cidr> allowed, PlainHttp plain_http = PlainHttp::listed)
      : allowed_(std::move(allowed)), plain_http_(plain_http) {}

  // For a connection with TLS, or for plain HTTP.
  [[nodiscard]] AddressVerdict judge(const IpAddress& address, bool tls) const;

 private:
  [[nodiscard]] AddressVerdict judge_carrying(const IpAddress& address) const;
  [[nodiscard]] AddressVerdict judge_outer(const IpAddress& address) const;
  [[nodiscard]] bool listed(const IpAddress& address, bool exactly) const;

  std::vector<Cidr> allowed_;
  PlainHttp plain_http_ = PlainHttp::listed;
};

// The IPv4 addresses that packets to `address` may be handed on to; empty for most.
std::vector<IpAddress> carried_addresses(const IpAddress& address);

// Reads the operator's list. Names the first entry that is not a CIDR block in `error`, which stays empty
// if all are good.
std::vector<Cidr> parse_allow_list(std::span<const std::string> entries, std::string& error);

}  // namespace opi::egress
