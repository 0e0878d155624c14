#pragma once
#include <boost/json.hpp>
#include <string>
#include <vector>

namespace opi::tool {

// One place where two JSON values differ.
struct Difference {
  std::string pointer;           // JSON Pointer; empty: the whole
  std::string expected, actual;  // JSON text, "nothing" where there is none
};

// Every place where `actual` is not what `expected` says; the order of members does not count.
std::vector<Difference> differences(const boost::json::value& expected, const boost::json::value& actual,
                                    const std::string& below = {});

// One reference token of a JSON Pointer, with its slash.
std::string pointer_token(std::string_view name);

}  // namespace opi::tool
