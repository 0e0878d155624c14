#pragma once
#include <chrono>
#include <string>

namespace opi::sqlite {

struct SqliteOptions {
  // A file, made with mode 0600 if it does not exist; ":memory:" is a database that ends with its object.
  std::string path;
  std::chrono::milliseconds busy_timeout{5'000};  // waiting for another session, of this process or not
  int readers = 2;                                // sessions that only read
  int checkpoint_pages = 4'000;                   // size of the write-ahead log that starts a checkpoint
  int cache_kib = 16 * 1024;                      // page cache of each session
  int max_pages = 0;                              // 4 KiB each: bound of the file; 0: SQLite's own
};

}  // namespace opi::sqlite
