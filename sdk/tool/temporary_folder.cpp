#include "temporary_folder.hpp"

#include <stdlib.h>

#include <cerrno>
#include <system_error>

namespace opi::tool {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "opi-plugin.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "cannot make a folder like " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code left;  // a folder that cannot be removed harms nobody; its name says whose it was
  fs::remove_all(path_, left);
}

}  // namespace opi::tool
