#pragma once
#include <string>
#include <vector>

#include "ctl/command.hpp"

namespace opi::ctl {

// Commands that act on one delivery by its id, or on those of a filter: these are only counted unless --yes is given.
struct Bulk {
  std::string collection;  // path below the API, such as "/dead-letters"
  std::string verb;        // ":replay"
  std::string id;          // name of the positional
  std::string all;         // of what --every stands for, such as "all dead letters of the tenant"
};

int act(Context& context, const Arguments& arguments, const Bulk& bulk);

// Filters, --every and --limit with these descriptions, --dry-run and --yes.
std::vector<Option> bulk_options(std::string_view every, std::string_view limit);

}  // namespace opi::ctl
