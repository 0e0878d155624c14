#pragma once
#include "filtering/effort.hpp"
#include "filtering/expression.hpp"

namespace opi::filtering {

// Whether the expression holds of `current`, which @ stands for. Never fails: what is missing compares as missing. Each
// part of the expression looks at a node of the value once at most. Once `effort` is spent it comes to an end, and what
// it answers means nothing. Pure.
bool evaluate(const Expression& expression, const boost::json::value& current, Effort& effort);

}  // namespace opi::filtering
