#pragma once
#include <string>

#include "ctl/context.hpp"

namespace opi::ctl {

// The reference itself, or the first line of standard input for "-". Throws Failure (data) if there is none; its text
// repeats nothing.
std::string reference_of(Context& context, const std::string& given);

}  // namespace opi::ctl
