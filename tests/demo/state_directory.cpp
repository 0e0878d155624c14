#include "state_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace opi::demo {
namespace {

namespace fs = std::filesystem;

void make_private_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw std::system_error(errno, std::generic_category(), "cannot make " + folder.string());
}

void write_all(int file, const std::string& text, const fs::path& name) {
  for (std::size_t done = 0; done < text.size();) {
    const auto count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "cannot write " + name.string());
    if (count > 0) done += static_cast<std::size_t>(count);
  }
}

}  // namespace

StateDirectory::StateDirectory(const fs::path& wanted) {
  if (wanted.empty()) {
    std::string name = (fs::temp_directory_path() / "opi-demo.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "cannot make a folder like " + name);
    path_ = name;
    is_temporary_ = true;
    return;
  }
  path_ = fs::absolute(wanted);
  fs::create_directories(path_.parent_path());
  make_private_folder(path_);
  if (!fs::is_directory(path_)) throw std::runtime_error(path_.string() + " is not a folder");
  if (!fs::is_empty(path_))
    throw std::runtime_error(path_.string() +
                             " is not empty; the demo starts with an empty outbox, name another folder");
}

void StateDirectory::write(const fs::path& relative, const std::string& text) const {
  make_folder(relative.parent_path());
  const fs::path name = path_ / relative;
  const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw std::system_error(errno, std::generic_category(), "cannot make " + name.string());
  try {
    write_all(file, text, name);
  } catch (...) {
    ::close(file);
    throw;
  }
  ::close(file);
}

void StateDirectory::make_folder(const fs::path& relative) const {
  fs::path folder = path_;
  for (const auto& part : relative) make_private_folder(folder /= part);
}

bool StateDirectory::remove() const {
  if (!is_temporary_) return false;
  fs::remove_all(path_);
  return true;
}

}  // namespace opi::demo
