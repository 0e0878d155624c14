#pragma once
#include <string>

namespace opi::sqlite {

// Makes the database's file, for its owner alone, if there is none; else sees to it that it and what SQLite puts beside
// it are regular files that only their owner may read or write, and takes from others what they may. A symbolic link is
// refused: what it leads to would be made with whatever mode there is, and others may turn it. So are a file of
// somebody else (than root, this user and the folder's owner), one that has a second name, and a folder without the
// sticky bit in which anybody may write. Opens nothing: closing a descriptor would drop this process's locks on the
// file (POSIX locks belong to the process, not to the descriptor), and the next process to close the database would
// take itself for the last and delete the log under us. Throws StoreUnavailable.
void keep_private(const std::string& path);

}  // namespace opi::sqlite
