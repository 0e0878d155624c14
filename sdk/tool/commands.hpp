#pragma once
#include <string>
#include <vector>

namespace opi::tool {

// The subcommands. `words` follow the subcommand's name. The result is the exit code; all throw Failure.
int check(const std::vector<std::string>& words);
int golden(const std::vector<std::string>& words);
int new_plugin(const std::vector<std::string>& words);
int preview(const std::vector<std::string>& words);

}  // namespace opi::tool
