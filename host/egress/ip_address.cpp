#include "egress/ip_address.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace opi::egress {

std::string IpAddress::to_string() const {
  if (v6) return boost::asio::ip::make_address_v6(bytes).to_string();
  boost::asio::ip::address_v4::bytes_type four;
  std::copy_n(bytes.begin(), 4, four.begin());
  return boost::asio::ip::make_address_v4(four).to_string();
}

}  // namespace opi::egress
