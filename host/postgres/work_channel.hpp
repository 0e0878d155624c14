#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"

namespace opi::postgres {

inline constexpr const char* listen_for_work = "LISTEN integration_work";

// The server takes payloads of less than 8,000 bytes. More than four of them cost every daemon more than a look at
// what it owns.
inline constexpr std::size_t announced_a_payload = 240, announced_at_most = 4 * announced_a_payload;

// What tells others of work for these destinations: their ids in hexadecimal digits, with blanks between; an empty
// payload if they are none or too many, which stands for any, as it does for daemons that know nothing else.
// NOTIFY takes a cluster-wide lock until its transaction is durable: so it has a transaction of its own, after
// the writing one, and does not wait for the disk.
std::string announcement_of(std::span<const DestinationId> destinations);

// The ids of a payload; nullopt for any.
std::optional<std::vector<DestinationId>> announced_in(std::string_view payload);

}  // namespace opi::postgres
