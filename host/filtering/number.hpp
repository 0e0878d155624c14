#pragma once
#include <boost/json/value.hpp>
#include <compare>
#include <string_view>

namespace opi::filtering {

// The double next to what `text`, a number as JSON writes it, says; infinite if it is beyond all of them. Boost.JSON's
// own reading of digits is off by a bit now and then. Pure.
double nearest_double(std::string_view text);

// The value of `text`, a number as JSON writes it: an int64 or uint64 if it is written as a whole number and is one,
// otherwise nearest_double(). Pure.
boost::json::value number_of(std::string_view text);

// Compares by value, whatever holds it: no int64 or uint64 is rounded to a double. Both are numbers. Pure.
std::weak_ordering compare_numbers(const boost::json::value& left, const boost::json::value& right);

}  // namespace opi::filtering
