#include "egress/address_guard.hpp"

#include <algorithm>

#include "egress/special_purpose.hpp"

namespace opi::egress {
namespace {

// The narrowest row that holds the address.
template <std::size_t n>
const SpecialBlock* find_in(const std::array<SpecialBlock, n>& table, const IpAddress& address) {
  const SpecialBlock* found = nullptr;
  for (const auto& row : table)
    if (row.block.contains(address) && (found == nullptr || row.block.prefix > found->block.prefix)) found = &row;
  return found;
}

IpAddress v4_at(const IpAddress& address, std::size_t index, std::uint8_t flip = 0) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(address.bytes[index + i] ^ flip); };
  return IpAddress::v4(byte(0), byte(1), byte(2), byte(3));
}

bool in(std::string_view block, const IpAddress& address) { return Cidr::parse(block)->contains(address); }

}  // namespace

std::vector<IpAddress> carried_addresses(const IpAddress& address) {
  if (!address.v6) return {};
  if (in("::ffff:0:0/96", address) || in("64:ff9b::/96", address)) return {v4_at(address, 12)};
  if (in("::/96", address)) {
    if (in("::/127", address)) return {};  // unspecified and loopback carry nothing
    return {v4_at(address, 12)};           // IPv4-compatible, RFC 4291 section 2.5.5.1
  }
  if (in("2002::/16", address)) return {v4_at(address, 2)};
  if (in("2001::/32", address)) return {v4_at(address, 4), v4_at(address, 12, 0xff)};  // server and client
  if (in("64:ff9b:1::/48", address)) {
    // The translator's prefix length is its owner's choice: judge the layouts of /48 and /96 (RFC 6052
    // section 2.2); an all-zero one carries nothing.
    std::vector<IpAddress> carried{
        IpAddress::v4(address.bytes[6], address.bytes[7], address.bytes[9], address.bytes[10]), v4_at(address, 12)};
    std::erase(carried, IpAddress::v4(0, 0, 0, 0));
    return carried;
  }
  return {};
}

bool AddressGuard::listed(const IpAddress& address, bool exactly) const {
  return std::ranges::any_of(
      allowed_, [&](const Cidr& block) { return block.contains(address) && (!exactly || block.is_single_address()); });
}

AddressVerdict AddressGuard::judge_outer(const IpAddress& address) const {
  if (const auto* row = find_in(metadata_services, address)) return {false, row->name};
  if (listed(address, false)) return {true, {}};
  const auto* row = address.v6 ? find_in(special_purpose_v6, address) : find_in(special_purpose_v4, address);
  if (row != nullptr) return {false, row->name};
  if (address.v6 && !global_unicast_v6.contains(address)) return {false, "outside of global unicast"};
  return {true, {}};
}

AddressVerdict AddressGuard::judge(const IpAddress& address, bool tls) const {
  const auto verdict = judge_carrying(address);
  if (verdict.allowed && !tls && plain_http_ == PlainHttp::listed && !listed(address, false))
    return {false, "plain HTTP"};
  return verdict;
}

AddressVerdict AddressGuard::judge_carrying(const IpAddress& address) const {
  if (listed(address, true)) return {true, {}};
  const auto outer = judge_outer(address);
  if (!outer.allowed) return outer;
  for (const auto& carried : carried_addresses(address))
    if (const auto inner = judge_carrying(carried); !inner.allowed) return inner;
  return {true, {}};
}

std::vector<Cidr> parse_allow_list(std::span<const std::string> entries, std::string& error) {
  std::vector<Cidr> blocks;
  error.clear();
  for (const auto& entry : entries) {
    const auto block = Cidr::parse(entry);
    if (!block) {
      error = "'" + entry + "' is not an address block such as 10.0.0.0/8 or fd00::/8";
      return {};
    }
    blocks.push_back(*block);
  }
  return blocks;
}

}  // namespace opi::egress
