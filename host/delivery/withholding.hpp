#pragma once
#include <span>
#include <string>
#include <vector>

#include "delivery/transport.hpp"
#include "domain/outcome.hpp"
#include "secrets/confidential.hpp"

namespace opi::delivery {

// The one place where what a receiver said, and an adapter made of it, loses the secrets that the receiver repeated:
// before it is stored, logged, shown or handed on. Adapters read the true answer.
//  - Texts for people are blanked out where they hold a secret, and where they hold pieces of one if the answer has it.
//  - A reference and a URL that hold one are left out: with a part blanked out they would name something else.
//  - A carry is blanked out value by value where it is JSON, so that it stays the JSON that it was.
// `headers` are the answer's, whose body is the outcome's summary.
// Returns which of the latter three were touched, as they cost the delivery something. Pure.
std::vector<std::string> withhold_secrets(Outcome& outcome, std::span<const Header> headers,
                                          const secrets::Confidential& confidential);

}  // namespace opi::delivery
