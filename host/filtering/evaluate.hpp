#pragma once
#include "filtering/expression.hpp"

namespace opi::filtering {

// Whether the expression holds of `current`, which @ stands for. Never fails: what is missing compares as missing. Each
// part of the expression looks at a node of the value once at most. Pure.
bool evaluate(const Expression& expression, const boost::json::value& current);

}  // namespace opi::filtering
