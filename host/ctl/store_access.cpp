#include "ctl/store_access.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "ctl/failure.hpp"

namespace opi::ctl {
namespace {

namespace fs = std::filesystem;

void check_access(const fs::path& path, int mode) {
  if (::eaccess(path.c_str(), mode) != 0 && errno == EACCES)
    throw failure(exit_permission, "permission", "Not permitted",
                  path.string() + " cannot be read and written by this user; run it as the daemon's user or as root");
}

void check_sqlite(const configuration::Configuration& configuration) {
  const fs::path file = configuration.sqlite_file();
  check_access(file.parent_path(), W_OK | X_OK);
  check_access(file, R_OK | W_OK);
}

}  // namespace

void give_to_owner_of_folder(const fs::path& file) {
  if (::geteuid() != 0) return;
  struct stat own {
  }, folder{};
  if (::lstat(file.c_str(), &own) != 0 || ::stat(file.parent_path().c_str(), &folder) != 0) return;
  if (!S_ISREG(own.st_mode) || own.st_uid != 0 || folder.st_uid == 0) return;
  if (::lchown(file.c_str(), folder.st_uid, folder.st_gid) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "cannot give " + file.string() + " to the owner of its folder");
}

stores::Stores open_store(const configuration::Configuration& configuration, const Clock& clock) {
  const bool sqlite = configuration.store_engine == configuration::StoreEngine::sqlite;
  if (sqlite) check_sqlite(configuration);
  try {
    auto opened = stores::open(configuration, clock);
    if (sqlite)
      for (const char* suffix : {"", "-wal", "-shm"}) give_to_owner_of_folder(configuration.sqlite_file() + suffix);
    return opened;
  } catch (const SchemaRefused& refused) {
    throw failure(exit_configuration, "schema-refused", "The database does not suit this program", refused.what());
  } catch (const StoreUnavailable& unavailable) {
    throw failure(exit_unavailable, "unavailable", "The store is not available", unavailable.what());
  } catch (const std::invalid_argument& fault) {
    throw failure(exit_configuration, "configuration", "The configuration is not valid", fault.what());
  }
}

}  // namespace opi::ctl
