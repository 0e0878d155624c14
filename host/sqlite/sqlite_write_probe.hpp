#pragma once
#include "delivery/store_watch.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteWriteProbe final : public delivery::WriteProbe {
 public:
  explicit SqliteWriteProbe(SqliteDatabase& database) : database_(database) {}
  void prove_write() override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
